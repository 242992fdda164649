"""Enclosing and pulls: what the sealer counted, what was taken out, by serial (documents 13-15)."""

from datetime import date
from typing import Annotated

from pydantic import Field

from models.records.base import ActRecord, Code, Count, Inserts, MaybeItemNumber, PersonId, SerialText, Sha256
from models.records.transfer import Handed

Logs = Annotated[tuple[Sha256, ...], Field(max_length=500)]


class PullListIssued(ActRecord):
    """引抜きリスト: serials and neutral reason codes; the true reason stays with the register section."""

    pulled: SerialText = Field(default="", title="Serials to pull")
    reasons: dict[Code, Count] = Field(default_factory=dict, title="Reason codes with counts")
    rechecked_on: date = Field(title="Protected persons re-checked on")


class PullListAcknowledged(ActRecord):
    """引抜き結果: each serial acknowledged. What is imprinted stays in a numbered stack until it is returned."""

    pulled: SerialText = Field(default="", title="Serials pulled")
    stack: MaybeItemNumber = Field(default="", title="Number of the stack of pulled pieces")


class EnclosingReconciled(ActRecord):
    """封入照合: scan logs or trays joined with the serials. An unreadable code names no serial, so it is counted.

    scans = sealed + re-runs + seconds of doubled + alien + mispaired + unreadable, each scan once; `sealed` names what
    was scanned in one piece with itself, whether or not it must still be opened.
    """

    scans: Count = Field(title="Scans")
    sealed: SerialText = Field(default="", title="Serials sealed")
    reruns: Count = Field(default=0, title="Re-runs")
    logs: Logs = Field(default=(), title="SHA-256 of the scan logs")
    trays: Count = Field(default=0, title="Trays counted by hand")
    missing: SerialText = Field(default="", title="Serials missing")
    doubled: SerialText = Field(default="", title="Serials sealed twice")
    alien: SerialText = Field(default="", title="Serials that do not belong here")
    though_pulled: SerialText = Field(default="", title="Serials sealed although pulled")
    mispaired: SerialText = Field(default="", title="Serials whose codes do not agree")
    touched: SerialText = Field(default="", title="Serials touched by an operator")
    unreadable: Count = Field(default=0, title="Codes that could not be read")


class EnclosingReported(ActRecord):
    """封入件数報告 (document 14), with what is left of envelopes and inserts; what nobody has counted is not named."""

    sealed: SerialText = Field(title="Serials sealed")
    machine_count: Count = Field(title="Count of the machine")
    reruns: Count = Field(default=0, title="Re-runs")
    envelopes_left: Count | None = Field(default=None, title="Envelopes left")
    envelopes_spoiled: Count = Field(default=0, title="Envelopes spoiled")
    inserts_left: Inserts = Field(default_factory=dict, title="Inserts left")
    inserts_spoiled: Inserts = Field(default_factory=dict, title="Inserts spoiled")


class DifferencesSettled(ActRecord):
    """照合差異の処置: what was found when it was looked for. A difference ends by a fact, never by an edit."""

    opened: SerialText = Field(default="", title="Serials opened and found right")
    found: SerialText = Field(default="", title="Serials found sealed")
    reprinted: SerialText = Field(default="", title="Serials printed again and sealed")
    removed: SerialText = Field(default="", title="Serials taken out")
    unreadable: Count = Field(default=0, title="Unreadable codes explained")
    stack: MaybeItemNumber = Field(default="", title="Number of the stack of spoiled sheets")
    witness: PersonId = Field(title="Witness")


class EnclosingCompleted(ActRecord):
    """封入封緘完了確認."""

    letters_enclosed: Count = Field(title="Letters enclosed")


class AdditionsEnclosed(ActRecord):
    """Late additions and replacements, printed and enclosed by whoever the programme says."""

    letters_enclosed: Count = Field(title="Letters enclosed")


class DeliveryInspected(Handed):
    """検品票 (document 15), and how the letters were delivered (納品); a second look at them tells no hands."""

    delivered: Count = Field(title="Pieces delivered")
    opened: Count = Field(title="Pieces opened as a sample")
    wrong: Count = Field(title="Pieces found wrong")
    opened_serials: SerialText = Field(default="", title="Serials opened as a sample")

    @property
    def has_happened(self) -> bool:
        """Tell that a wrong piece was found: this is a fact, whatever else is wrong."""
        return self.already_happened or bool(getattr(self, "wrong", 0))  # of a year that is only looked at: nothing yet
