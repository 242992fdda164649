"""The invitation's words (案内状), as its template takes them."""

from datetime import date

from models.clock import fiscal_year_title
from models.letter import Words
from models.programme import Programme
from papers.sheet import moment
from states import deadlines
from states.look import Look


def letter_words(programme: Programme, fiscal_year: int, today: date, ceremony_on: date) -> Words:
    """Return the words of the invitation that are not a resident's."""
    paper = programme.paper
    return {
        "fiscal_year": fiscal_year,
        "tray": paper.tray,
        "municipality": programme.sections.municipality,
        "sender": programme.sections.sender,
        "contact": programme.sections.contact,
        "date": moment(today),
        "ceremony": f"{fiscal_year_title(fiscal_year)} {programme.ceremony_ja}",
        "ceremony_on": moment(ceremony_on),
        "ceremony_at": programme.ceremony_at,
        "place": programme.ceremony_place,
        "inserts": [{"name": insert.name, "count": f"{insert.count}{insert.unit}"} for insert in paper.inserts],
        "customer_barcode": paper.customer_barcode,
        "box": {
            "name_width_mm": paper.name_width_mm,
            "name_size_pt": paper.name_size_pt,
            "address_width_mm": paper.address_width_mm,
            "address_size_pt": paper.address_size_pt,
            "barcode_size_pt": paper.barcode_size_pt,
        },
    }


def words_of(here: Look) -> Words:
    """Return the words of this cycle's invitation."""
    facts = here.facts
    anchors = deadlines.anchors(facts.programme.anchors, facts.fiscal_year, here.calendar)
    return letter_words(facts.programme, facts.fiscal_year, facts.due["post"], anchors["S"])
