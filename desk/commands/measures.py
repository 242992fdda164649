"""`tsudoi measures`: the 48 measures of a year as they stand."""

from typer import Typer

from desk.commands.logins import at_the_desk
from desk.console import say, say_json, say_table
from desk.options import AsJson, Programme, Year
from models import choices
from models.words import _
from views import measures
from views.measures import MeasureStanding

app = Typer()

_STYLES = {"contradicted": "bold red", "expired": "red", "open": "yellow"}


@app.command("measures", help=_("Show the measures of the checklists: proved, claimed, contradicted or open."))
def show(year: Year, programme: Programme = "", as_json: AsJson = False) -> None:
    office = at_the_desk()
    found = office.see(office.cycle_id(year, programme), measures.standings)
    if as_json:
        say_json([it.as_json() for it in found])
        return
    say_table(
        [_("Measure"), _("Kind of proof"), _("Standing"), _("Ledger"), _("Evidence"), _("Valid until")],
        [_cells(it) for it in found],
        styles=[_STYLES.get(it.standing, "") for it in found],
    )
    say("　".join(f"{words} {count}" for words, count in measures.counts(found).items()), style="bold")
    say(_("Enforced: by the software. Guarded: a named person confirmed. Recorded: an attestation was given."))


def _cells(it: MeasureStanding) -> list[str]:
    numbers = it.contradicted_by or it.proved_by or ((it.claim.ledger_seq,) if it.claim else ())
    return [
        it.measure.id,
        choices.said(choices.PROOFS, it.measure.proof),
        choices.said(choices.MEASURES, it.standing),
        ", ".join(map(str, numbers)),
        it.claim.evidence if it.claim else "",
        str(it.claim.valid_until or "") if it.claim else "",
    ]
