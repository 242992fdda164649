"""The posting paper (差出準備票): what the poster takes to the post office."""

from collections.abc import Sequence

from models.letter import Moment
from models.people import Side
from models.records.mailing import PostingApproved
from papers.sheet import Document, Labelled, Sheet, head, moment, names_of
from states.look import Look
from states.table import BY_TRIGGER


class PostingPaper(Document):
    """`posting_paper` 差出準備票: what the poster takes along; the accepted number is filled in at the counter."""

    poster: str
    post_on: Moment | None
    office: str
    letters: str
    postage: Sequence[Labelled]
    approved_by: Sequence[str]
    approved_at: Moment | None


def posting_paper(here: Look) -> Sheet:
    """Return the approved number, how it is posted, and room for the accepted."""
    facts = here.facts
    done = facts.done["approve_posting"]
    go = PostingApproved.model_validate_json(done.data)
    names, how = names_of(facts), facts.programme.mailing
    side = BY_TRIGGER["post"].owner_under(facts.programme)
    data: PostingPaper = {
        "head": head(facts, f"G-{facts.fiscal_year}-01", on=done.on),
        "poster": facts.programme.contractor.name if side is Side.CONTRACTOR else facts.programme.sections.owner,
        "post_on": moment(facts.due["post"]),
        "office": how.office,
        "letters": f"{go.letters:,}",
        "postage": [
            {"label": "郵便物の種類", "value": how.kind},
            {"label": "料金の支払", "value": how.postage},
            {"label": "割引", "value": "、".join(how.discounts) or "なし"},
            {"label": "カスタマバーコード", "value": "あり" if facts.programme.paper.customer_barcode else "なし"},
        ],
        "approved_by": [names.get(person, "") for person in (done.by, done.confirmed_by) if person],
        "approved_at": moment(done.occurred_at),
    }
    return Sheet(programme=here.programme, name="posting-paper", template="posting_paper", data=data)
