"""Printing: proofs and their approval, good and spoiled sheets by serial (documents 6, 11, 12)."""

from typing import Annotated

from pydantic import Field

from models.records.base import (
    ActRecord,
    Count,
    Inserts,
    ItemNumber,
    MaybeItemNumber,
    MaybeLine,
    MaybeSha256,
    SerialText,
    Sha256,
)
from models.records.transfer import Handed
from models.serials import minus

Version = Annotated[int, Field(ge=1, le=99, title="Version")]


class ManuscriptDelivered(ActRecord):
    """入稿: the fixed text and the envelope go to the contractor, and how many envelopes and inserts there are in all.

    What nobody has counted is None, or an insert that is not named.
    """

    template_sha256: Sha256 = Field(title="SHA-256 of the letter's template")
    sheets: Count = Field(title="Blank sheets ordered")
    envelopes: Count | None = Field(default=None, title="Envelopes delivered")
    inserts: Inserts = Field(default_factory=dict, title="Inserts delivered")


class TextProofSubmitted(ActRecord):
    """初校・再校 of the fixed text."""

    version: Version
    template_sha256: MaybeSha256 = Field(default="", title="SHA-256 of the letter's template")
    proof: MaybeSha256 = Field(default="", title="Proof (file)")


class TextApproved(ActRecord):
    """本文校了."""

    version: Version


class ImprintSampleSubmitted(Handed):
    """宛名印字見本: every hard row is in it, with its own data but where these may not be shown; how it was brought."""

    version: Version
    serials: SerialText = Field(title="Serials in the sample")
    sample_stack: MaybeItemNumber = Field(default="", title="Number of the stack of sample sheets")
    dummies: SerialText = Field(default="", title="Serials shown with dummy data")
    template_sha256: MaybeSha256 = Field(default="", title="SHA-256 of the letter's template")

    @property
    def shows_residents(self) -> bool:
        """Tell whether a row stands in it with its own data."""
        return bool(minus(self.serials, self.dummies))


class ProofApproved(ActRecord):
    """宛名印字見本承認: with it both proofs are approved; after a change of the template once more."""

    version: Version


class ImprintCompared(ActRecord):
    """印字データ照合: check values of what a print system is about to print against the addressees that were sent."""

    digests_sha256: Sha256 = Field(title="SHA-256 of the check values")
    right: Count = Field(title="Rows that are right")
    wrong: SerialText = Field(default="", title="Serials with another's name or address")
    missing: SerialText = Field(default="", title="Serials not about to be printed")
    alien: SerialText = Field(default="", title="Serials that do not belong here")


class LettersHandedOut(ActRecord):
    """追加・差替え分の通知書の引渡し: the letters that a clerk prints, as a file; a copy with an erasure duty."""

    letters: Count = Field(title="Letters in the file")
    sha256: Sha256 = Field(title="SHA-256 of the file")
    item: ItemNumber = Field(title="Number of the file")


class PrintingReported(ActRecord):
    """印字件数報告・損紙処理記録 (document 12): good and spoiled by serial; blank stock is counted, not named."""

    good: SerialText = Field(title="Serials printed well")
    spoiled: SerialText = Field(default="", title="Serials of spoiled sheets")
    reprinted: SerialText = Field(default="", title="Serials printed again")
    sheets_left: Count = Field(default=0, title="Blank sheets left")
    spoiled_stack: MaybeItemNumber = Field(default="", title="Number of the stack of spoiled sheets")
    blank_reason: MaybeLine = Field(default="", title="Reason for a difference in blank stock")
    template_sha256: MaybeSha256 = Field(default="", title="SHA-256 of the letter's template")


class PrintingCompleted(ActRecord):
    """印刷・印字完了確認."""

    letters_printed: Count = Field(title="Letters printed")
