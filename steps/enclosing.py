"""Enclosing: scan logs and trays are reconciled, reported, and a sample of the delivery is opened."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import BadInput, Unknown
from models.records.enclosing import EnclosingReconciled
from models.serials import compact, ranges
from models.words import _
from states.acts import Outcome
from states.facts import Facts
from states.rules.conservation import as_scanned, open_differences
from steps import acting
from steps.office import Office

if TYPE_CHECKING:
    from adapters.scanlog import Log
    from steps.reconciling import Reconciliation


def reconcile(
    office: Office,
    cycle_id: str,
    *,
    logs: Sequence[Path | bytes],
    trays: Mapping[str, str],
    instead: bool = False,
    by: str,
    via: str = "desk",
) -> "tuple[Reconciliation, Outcome]":
    """Join every scan log and tray of the enclosing with the serials that are to be sealed, and record the result.

    `trays` maps the name of a tray to its serials ("1-500"). Each call is about all logs: one that was read before may
    be left out only when the new ones are given `instead` of those.

    Raises:
        BadInput: a log cannot be used, is of another job or year, or one read before is missing.
        Refused: it is not the time for it.

    """
    from adapters.scanlog import read_logs
    from steps.reconciling import joined

    office.door.ask_first(cycle_id, "reconcile_enclosing", by=by, via=via)
    if not logs and not trays:
        raise Unknown(_("Neither a scan log nor a tray is given."), _("Give a log, or a tray with its serials."))
    with office.look(cycle_id) as here:
        facts, pieces = here.facts, here.facts.pieces
        expected = compact(pieces.serials("printed", "enclosed", origin="extract"))
        pulled = compact(pieces.serials("pulled"))
    read = read_logs(logs, shape=facts.programme.enclosing.log)
    if not instead:
        _refuse_a_log_less(facts, read)
    result = joined(read, trays=trays, expected=expected, pulled=pulled, fiscal_year=facts.fiscal_year)
    return result, acting.by_machine(office, cycle_id, "reconcile_enclosing", result.record, by=by, via=via)


def report(
    office: Office, cycle_id: str, *, counted: Mapping[str, object] | None = None, by: str, via: str = "desk"
) -> Outcome:
    """Report the enclosing as it was reconciled: every serial that was scanned or whose difference is settled.

    `counted` are the fields of envelopes and inserts that somebody has counted.

    Raises:
        Unknown: nothing is reconciled yet.
        Refused: a guard is not met.

    """
    fields = {**report_fields(office, cycle_id), **(counted or {})}
    return acting.perform(office, cycle_id, "report_enclosing", by=by, fields=fields, via=via)


def report_fields(office: Office, cycle_id: str) -> dict[str, str | int]:
    """Return what the report of the enclosing says after the reconciliation.

    Raises:
        Unknown: nothing is reconciled yet.

    """
    said = office.see(cycle_id, lambda here: as_scanned(here.facts))
    if not said:
        raise Unknown(
            _("The enclosing is not reconciled yet."),
            _("Reconcile it first."),
            act="reconcile_enclosing",
        )
    return said


def still_open(office: Office, cycle_id: str) -> dict[str, str]:
    """Return the differences that nothing has settled yet, by kind: serials, or the number of unreadable codes."""
    return office.see(cycle_id, lambda here: open_differences(here.facts))


def _refuse_a_log_less(facts: Facts, logs: "Sequence[Log]") -> None:
    before = facts.record("reconcile_enclosing", EnclosingReconciled)
    left_out = set(before.logs if before else ()) - {log.sha256 for log in logs}
    if left_out:
        raise BadInput(
            _("{count} scan logs that were read before are not among these.").format(count=len(left_out)),
            _("Give every log of the enclosing; if these replace the ones before, say so."),
        )


def inserts_of(texts: Iterable[str]) -> dict[str, int]:
    """Read counts of inserts, each written as "NAME=300".

    Raises:
        BadInput: one is not written so.

    """
    counts: dict[str, int] = {}
    for text in texts:
        name, _equals, number = text.rpartition("=")
        if not name or not number.isdecimal():
            raise BadInput(_("A count of inserts is written NAME=300."), _("Name the insert as the programme does."))
        counts[name] = int(number)
    return counts


def trays_of(texts: Iterable[str]) -> dict[str, str]:
    """Read trays, each written as "3=1-500,502": its name and its serials.

    Raises:
        BadInput: one is not written so, or is named twice.

    """
    trays: dict[str, str] = {}
    for text in texts:
        name, sign, serials = text.partition("=")
        if not sign or not name.strip() or not ranges(serials):
            raise BadInput(_("Trays are written NAME=1-500."), _("Write for example 3=1001-1500"))
        if name.strip() in trays:
            raise BadInput(_("A tray is named twice."), _("Give each tray once, with all its serials."))
        trays[name.strip()] = serials
    return trays
