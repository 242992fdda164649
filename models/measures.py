"""The 48 measures of the checklists, and what was claimed of them: with which evidence, valid until when."""

from dataclasses import dataclass
from datetime import date

KINDS = ("document", "act", "check")


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One of the 48 measures as the programme's file has it.

    `guards` are the steps it blocks until it is claimed. `proof` is how honest a proof can be: enforced by the
    software, guarded by a named person's confirmation, or recorded as an attestation. `kinds` are the kinds of evidence
    by which a claim shows more than words. `each_gate`: what was claimed for one of the steps does not serve the next.
    """

    id: str
    side: str
    category: str
    order: int
    text: str
    guards: tuple[str, ...]
    proof: str
    evidence: tuple[str, ...]
    may_not_apply: bool
    kinds: tuple[str, ...] = KINDS
    each_gate: bool = False


@dataclass(frozen=True, kw_only=True)
class MeasureClaim:
    """What was claimed of a measure: evidence by words and by hash, its own day beside the day it was received.

    A sweep reads the entry alone, and of a claim that is valid.
    """

    ledger_seq: int
    measure: str = ""
    evidence: str = ""
    evidence_file: str = ""
    by: str = ""
    happened_on: date | None = None
    received_on: date = date.min
    valid_until: date | None = None
    not_applicable: bool = False

    def is_valid_on(self, day: date) -> bool:
        """Tell whether the evidence is still valid on the day."""
        return self.valid_until is None or self.valid_until >= day
