"""What is left of a rehearsed year: its papers, its counts, and a last search for residents over the whole folder."""

from collections.abc import Iterable, Mapping
from typing import Any

from papers import control_ledger, reporting
from rehearsal import register
from rehearsal.people import People
from rehearsal.plan import Plan
from states.events import BY_EVENT
from steps import auditing, erasure, notices, papers
from views import counting, standing


def print_papers(people: People) -> None:
    """Print what a person may open at the end: the specimen, the ledger, report, notice without password."""
    office, cycle_id = people.office, people.cycle_id
    notices.blank(office, cycle_id)
    papers.print_specimen(office, cycle_id)
    papers.print_sheets(office, cycle_id, control_ledger.ledger_print, reporting.report)


def entered(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the acts by which people entered something in a year: each form once, by its first act.

    A form is one sending by one person, a confirmation one more. What follows an act by itself, and what the machine or
    the system did, is nobody's entry.
    """
    return [
        entry["event"]
        for entry in entries
        if entry["via"] == "rehearsal"
        and entry["event"].removesuffix("_proposed") in BY_EVENT
        and "record" in entry["data"]
        and "entered_with" not in entry["data"]
    ]


def summary(plan: Plan, people: People, **more: Any) -> dict[str, Any]:
    """Return what a script would ask: counts, ledger, and a last search over everything that is left."""
    office, cycle_id = people.office, people.cycle_id
    table = office.see(cycle_id, counting.counts).as_json()
    verified = auditing.verify(office)
    late, sent = office.see(cycle_id, standing.lateness)
    facts, kept = people.facts(), (people.printer.folder,) if plan.keep else ()  # what is kept is meant to stay
    sought = erasure.sought(facts, register.everybody(plan, facts.programme))
    return {
        "year": plan.year,
        "state": facts.state,
        "home": str(plan.home),
        "persons": table["raw_hits"],
        **{key: table[key] for key in ("excluded", "exported", "added", "pulled", "posted", "received", "spoiled")},
        "counts_hold": table["holds"],
        "entered_by_people": len(entered(people.entries())),
        "ledger_entries": verified.entries,
        "ledger_checkpoints": verified.checkpoints,
        "ledger_verified": True,
        "personal_data_found": erasure.search(office, sought, roots=(plan.out,), exclude=kept).found,
        "overdue": len(late),
        "overdue_acts": late,
        "reminders_sent": sent,
        **more,
    }
