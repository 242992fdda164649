"""`tsudoi enclosing`: scan logs and trays against the serials, what is still open, and the report that follows."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option, Typer

from desk.commands.acts import tell_outcome, tell_what_is_left
from desk.commands.logins import office_and_cycle
from desk.console import DONE, HELD, say, say_aside, say_json, say_table
from desk.options import AsJson, By, Programme, Year
from models import choices
from models.words import N_, _
from steps import enclosing

if TYPE_CHECKING:
    from steps.reconciling import Reconciliation

app = Typer(name="enclosing", help=_("Enclosing: reconcile scan logs with the serials."), no_args_is_help=True)

_REMEDIES = {
    "missing": N_("look for the piece; found: found=, else print it again: reprinted="),
    "doubled": N_("open every piece of that serial: opened="),
    "alien": N_("take it out and keep it: removed="),
    "though_pulled": N_("take it out: removed="),
    "mispaired": N_("open both pieces: opened=, or print again: reprinted="),
    "touched": N_("open the piece: opened="),
    "unreadable": N_("open the piece between its neighbours: unreadable="),
}


@app.command(help=_("Join scan logs and trays with the serials; names every difference."))
def reconcile(
    year: Year,
    by: By,
    logs: Annotated[list[Path], Option("--log", help=_("A scan log of the sealer; may be repeated."))] = [],
    trays: Annotated[list[str], Option("--tray", help=_("A tray counted by hand: NAME=1-500; may be repeated."))] = [],
    instead: Annotated[bool, Option("--instead", help=_("These logs replace the ones that were read before."))] = False,
    programme: Programme = "",
    as_json: AsJson = False,
) -> int:
    office, cycle_id = office_and_cycle(year, programme)
    found, outcome = enclosing.reconcile(
        office, cycle_id, logs=logs, trays=enclosing.trays_of(trays), instead=instead, by=by
    )
    if as_json:
        say_json(found.as_json() | {"seq": outcome.seq})
    else:
        _show(found, given=len(logs))
    tell_what_is_left(outcome, year)
    return DONE if found.holds else HELD


@app.command(help=_("List the differences that are still open."))
def differences(year: Year, programme: Programme = "", as_json: AsJson = False) -> int:
    office, cycle_id = office_and_cycle(year, programme)
    left = enclosing.still_open(office, cycle_id)
    if as_json:
        say_json(left)
    elif not left:
        say(_("No difference is open."))
    else:
        _table(left)
        say(_("Settle them: tsudoi act {year} settle_differences --by PERSON --set witness=PERSON --set …"), year=year)
    return HELD if left else DONE


@app.command(help=_("Compare what is about to be printed with what was sent, row by row."))
def imprint(
    year: Year,
    digests: Annotated[Path, Argument(help=_("The contractor's check values."))],
    by: By,
    programme: Programme = "",
    as_json: AsJson = False,
) -> int:
    from steps import printing

    office, cycle_id = office_and_cycle(year, programme)
    found, outcome = printing.compare_imprint(office, cycle_id, digests, by=by)
    holds = not (found.wrong or found.missing or found.alien)
    tell_what_is_left(outcome, year)
    if as_json:
        say_json(found.model_dump() | {"holds": holds, "seq": outcome.seq})
        return DONE if holds else HELD
    say(_("{count} rows are right."), count=f"{found.right:,}")
    if found.wrong:
        say(_("Name and address do not belong together: {serials}"), serials=found.wrong, style="bold red")
    if found.missing:
        say(_("Not about to be printed: {serials}"), serials=found.missing, style="bold red")
    if found.alien:
        say(_("Not to be printed: {serials}"), serials=found.alien, style="bold red")
    if not holds:
        say_aside("→ " + _("Have them mended and compared again: nothing counts as printed before."))
    return DONE if holds else HELD


@app.command(help=_("Report the enclosing as it was reconciled."))
def report(
    year: Year,
    by: By,
    envelopes: Annotated[int | None, Option("--envelopes-left", min=0, help=_("Envelopes left."))] = None,
    torn: Annotated[int, Option("--envelopes-spoiled", min=0, help=_("Envelopes spoiled."))] = 0,
    left: Annotated[list[str], Option("--left", help=_("An insert that is left: NAME=300; may be repeated."))] = [],
    spoiled: Annotated[list[str], Option("--spoiled", help=_("A spoiled insert: NAME=2; may be repeated."))] = [],
    programme: Programme = "",
    as_json: AsJson = False,
) -> int:
    office, cycle_id = office_and_cycle(year, programme)
    counted: dict[str, object] = {} if envelopes is None else {"envelopes_left": envelopes}
    counted |= {"inserts_left": enclosing.inserts_of(left)} if left else {}
    counted |= {"envelopes_spoiled": torn, "inserts_spoiled": enclosing.inserts_of(spoiled)}
    outcome = enclosing.report(office, cycle_id, counted=counted, by=by)
    return tell_outcome(outcome, year, as_json=as_json)


def _show(found: "Reconciliation", *, given: int) -> None:
    record = found.record
    words = _("{scans} scans from {logs} logs and {trays} trays; {sealed} serials are sealed.")
    say(words, scans=f"{record.scans:,}", logs=len(record.logs), trays=record.trays, sealed=f"{found.sealed:,}")
    if given > len(record.logs):
        say(_("{count} logs were given twice and counted once."), count=given - len(record.logs))
    if found.repeated:
        say(_("{count} scans stand in several logs and were counted once."), count=f"{found.repeated:,}")
    if found.holds:
        say(_("Scans and serials agree."), style="bold green")
        return
    _table({name: serials for name, serials in found.differences().items() if serials})
    words = _("Log {log}, line {line}: not readable, between {after} and {before}.")
    for place in found.unread:
        say(f"  {words}", log=place.log, line=place.line, after=place.after or "–", before=place.before or "–")


def _table(left: dict[str, str]) -> None:
    say_table(
        [_("Difference"), _("Serials"), _("What to do")],
        [[choices.said(choices.DIFFERENCES, name), serials, _(_REMEDIES[name])] for name, serials in left.items()],
        styles=["bold red"] * len(left),
    )
