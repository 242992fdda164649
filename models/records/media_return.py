"""Media return: item by item against the custody receipts (document 17)."""

from datetime import date

from pydantic import Field

from models.records.base import ActRecord, ItemNumber, Line, PersonId


class ItemsReturned(ActRecord):
    """返却書: every medium, notice and imprinted sheet that went out comes back."""

    items: tuple[ItemNumber, ...] = Field(min_length=1, title="Items returned")
    giver: PersonId = Field(title="Handed over by")
    receiver: PersonId = Field(title="Received by")
    occasion: Line = Field(title="Occasion")
    slip: Line = Field(title="Slip number")
    locked_bag: bool = Field(title="Carried in a locked bag or the like")


class MediaReturnConfirmed(ActRecord):
    """媒体等返却確認."""

    checked_on: date = Field(title="Checked on")


class CompletionReported(ActRecord):
    """完了届 (document 19)."""

    completed_on: date = Field(title="Completed on")


class WorkAccepted(ActRecord):
    """検査調書 (document 19)."""

    inspected_on: date = Field(title="Inspected on")
    number: Line = Field(title="Number of the inspection record")
