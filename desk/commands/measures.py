"""`tsudoi measures`: the 48 measures of a year as they stand."""

from typer import Typer

from desk.commands.logins import seen
from desk.console import say, say_json, say_table
from desk.options import AsJson, Programme, Year
from models import choices
from models.words import _
from views import measures
from views.measures import MeasureStanding

app = Typer()

_STYLES = {"contradicted": "bold red", "expired": "red", "open": "yellow"}


@app.command(
    "measures",
    help=_("Show the measures of the checklists: shown by the record, said to be done, contradicted or open."),
)
def show(year: Year, programme: Programme = "", as_json: AsJson = False) -> None:
    found = seen(year, programme, measures.standings)
    if as_json:
        say_json([measure.as_json() for measure in found])
        return
    say_table(
        [_("Measure"), _("Kind of proof"), _("Standing"), _("Ledger"), _("Evidence"), _("Valid until")],
        [_cells(measure) for measure in found],
        styles=[_STYLES.get(measure.standing, "") for measure in found],
    )
    say("　".join(f"{words} {count}" for words, count in measures.counts(found).items()), style="bold")
    say(_("Shown by the record: an act, a document or a check. Said to be done: words alone."))
    say(_("Enforced: by the software. Guarded: a named person confirmed. Recorded: an attestation was given."))


def _cells(found: MeasureStanding) -> list[str]:
    claim, measure = found.claim, found.measure
    numbers = found.contradicted_by or found.proved_by or ((claim.ledger_seq,) if claim else ())
    return [
        measure.id, choices.said(choices.PROOFS, measure.proof), choices.said(choices.MEASURES, found.standing),
        ", ".join(map(str, numbers)), claim.evidence if claim else "", str(claim.valid_until or "") if claim else "",
    ]  # fmt: skip
