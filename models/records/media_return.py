"""Media return: item by item against the custody receipts (document 17)."""

from datetime import date
from typing import Literal

from pydantic import Field

from models.records.base import ActRecord, ItemNumber, Line, MaybeSha256
from models.records.transfer import Carried, Locked, StoragePlace

# How letter and envelope were matched, the weakest first.
Integrity = Literal["", "report", "output", "input_output"]


class ItemsReturned(Carried):
    """返却書: every medium, notice and imprinted sheet that went out comes back."""

    items: tuple[ItemNumber, ...] = Field(min_length=1, title="Items returned")
    in_person: bool | None = Field(default=None, title="Handed over in person")
    contractors_ledger: MaybeSha256 = Field(default="", title="Copy of the contractor's own control ledger (file)")


class MediaReturnConfirmed(ActRecord):
    """媒体等返却確認."""

    checked_on: date = Field(title="Checked on")
    storage_place: StoragePlace = ""  # of the ward, for what came back
    locked: Locked = None


class CompletionReported(ActRecord):
    """完了届 (document 19), with how surely each letter is in its envelope; "" says nothing of it."""

    completed_on: date = Field(title="Completed on")
    integrity: Integrity = Field(default="", title="Level of integrity")


class WorkAccepted(ActRecord):
    """検査調書 (document 19)."""

    inspected_on: date = Field(title="Inspected on")
    number: Line = Field(title="Number of the inspection record")
