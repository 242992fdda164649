"""What is conserved beside serials: envelopes, inserts, sheets; and how surely letters are in their envelopes."""

from typing import NamedTuple

from models.records.base import ActRecord
from models.records.enclosing import DifferencesSettled, EnclosingReconciled, EnclosingReported
from models.records.media_return import Integrity
from models.records.printing import ManuscriptDelivered, PrintingReported
from models.serials import compact, count, expand, union
from states.facts import Facts, Shortfall, Verdict
from states.rules.base import claims_of

ENVELOPE = "封筒"  # as the papers call it, beside the inserts' own names


class Material(NamedTuple):
    """Envelopes or an insert: how many were delivered, are used, spoiled and left; None where nobody has counted."""

    name: str
    unit: str
    delivered: int | None
    used: int
    spoiled: int
    left: int | None

    @property
    def is_unknown(self) -> bool:
        """Tell what nobody can work out."""
        return self.delivered is None or self.left is None

    @property
    def difference(self) -> int:
        """Return how many are left beyond what should be, below 0 what is missing; 0 too where nobody can tell."""
        if self.delivered is None:
            return 0
        over = self.delivered - self.used - self.spoiled
        return min(over, 0) if self.left is None else self.left - over

    @property
    def said(self) -> str:
        """Return its difference with the numbers that it is made of."""
        left = "" if self.left is None else f" ≠ {self.left:,}"
        return f"{self.name} {self.difference:+,}: {self.delivered or 0:,} − {self.used:,} − {self.spoiled:,}{left}"


def materials(facts: Facts, record: EnclosingReported | None = None) -> tuple[Material, ...]:
    """Return envelopes and inserts as all reports of the enclosing tell them; `record` is one that is coming in."""
    past = facts.past("report_enclosing", EnclosingReported)
    reports = (*(report.record for report in past), *([record] if record else []))
    if not reports:
        return ()
    manuscript = facts.record("deliver_manuscript", ManuscriptDelivered)
    sealed, last = count(union(*(report.sealed for report in reports))), reports[-1]
    envelopes = Material(
        ENVELOPE, "枚", manuscript.envelopes if manuscript else None, sealed,
        sum(report.envelopes_spoiled for report in reports), last.envelopes_left,
    )  # fmt: skip
    return (envelopes, *(
        Material(
            insert.name, insert.unit, manuscript.inserts.get(insert.name) if manuscript else None,
            sealed * insert.count, sum(report.inserts_spoiled.get(insert.name, 0) for report in reports),
            last.inserts_left.get(insert.name),
        )
        for insert in facts.programme.paper.inserts
    ))  # fmt: skip


def integrity_shown(facts: Facts) -> Integrity:
    """Return how surely each letter is in its envelope, as far as the records show it and no further.

    Trays are counted by hand; what was scanned is shown for all letters or for none. Where the programme does not say
    which code is read from the sealed piece (`at_output`), one reading is shown.
    """
    reports = facts.past("report_enclosing", EnclosingReported)
    if not reports:
        return ""
    scanned = facts.record("reconcile_enclosing", EnclosingReconciled)
    if scanned is None or scanned.trays or not scanned.logs or open_differences(facts):
        return "report"
    sealed = {serial for report in reports for serial in expand(report.record.sealed)}
    if sealed - set(expand(scanned.sealed)) - settled_serials(facts):
        return "report"
    return "input_output" if facts.programme.enclosing.log.at_output else "output"


def as_scanned(facts: Facts) -> dict[str, str | int]:
    """Return what the report of the enclosing says after the reconciliation, nothing before it."""
    scanned = facts.record("reconcile_enclosing", EnclosingReconciled)
    if scanned is None:
        return {}
    inside = set(expand(scanned.sealed)) | settled_serials(facts)
    sealed = inside & facts.pieces.serials("printed", origin="extract")
    return {"sealed": compact(sealed), "machine_count": len(sealed) + scanned.reruns, "reruns": scanned.reruns}


_NAMES = ("missing", "doubled", "alien", "though_pulled", "mispaired", "touched")


def open_differences(facts: Facts) -> dict[str, str]:
    """Return the differences of the last reconciliation that nothing found since then has settled, by kind."""
    last = facts.record("reconcile_enclosing", EnclosingReconciled)
    if last is None:
        return {}
    settled, explained = settled_serials(facts), sum(settlement.unreadable for settlement in _settlements(facts))
    found = {name: set(expand(getattr(last, name))) - settled for name in _NAMES}
    left = {name: compact(serials) for name, serials in found.items() if serials}
    return left | ({"unreadable": str(last.unreadable - explained)} if last.unreadable > explained else {})


def settled_serials(facts: Facts) -> set[int]:
    """Return the serials whose differences are settled since the last reconciliation."""
    return {
        serial
        for settlement in _settlements(facts)
        for text in (settlement.opened, settlement.found, settlement.reprinted, settlement.removed)
        for serial in expand(text)
    }


def _settlements(facts: Facts) -> list[DifferencesSettled]:
    done = facts.done.get("reconcile_enclosing")
    past = facts.past("settle_differences", DifferencesSettled)
    return [entry.record for entry in past if done and entry.seq > done.seq]


@claims_of(ActRecord)
def inserts_are_the_programmes(facts: Facts, record: ActRecord) -> Verdict:
    """Inserts are named as the programme names them."""
    told: list[dict[str, int]] = [
        getattr(record, field, {}) for field in ("inserts", "inserts_left", "inserts_spoiled")
    ]
    known = [insert.name for insert in facts.programme.paper.inserts]
    # What was typed may be anything (Law 4): named are those that there are.
    return not set[str]().union(*told) - set(known) or Shortfall(names="、".join(known))


@claims_of(ActRecord)
def reprints_stay_below_the_ceiling(facts: Facts, record: ActRecord) -> Verdict:
    """Spoiled sheets stay below the ceiling of the programme; beyond it the line stops until a person decides."""
    more = count(getattr(record, "spoiled" if isinstance(record, PrintingReported) else "reprinted"))
    spoiled = sum(count(past.record.spoiled) for past in facts.past("report_printing", PrintingReported))
    spoiled += sum(count(past.record.reprinted) for past in facts.past("settle_differences", DifferencesSettled))
    letters = facts.pieces.count(origin="extract")
    most = facts.programme.printing.ceiling(letters)
    if not more or most is None or spoiled + more <= most:  # who adds none is stopped no second time
        return True
    return Shortfall(names=f"{spoiled + more:,} > {most:,} / {letters:,}")
