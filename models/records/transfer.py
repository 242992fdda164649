"""Transfer: what leaves, who carries it, who has it, and the receiver's own count (documents 8-10)."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from models.records.base import ActRecord, Code, Count, ItemNumber, Line, MaybeSha256, PersonId, Sha256


class PackageSealed(ActRecord):
    """The encrypted package as it was made and read back. No count of persons: the received count is the receiver's."""

    package_sha256: Sha256 = Field(title="SHA-256 of the encrypted package")
    size: Annotated[int, Field(ge=1)] = Field(title="Size in bytes")
    form: Literal["7z", "zip"] = Field(title="Form")
    algorithm: Line = Field(title="Encryption")
    members: tuple[Line, ...] = Field(title="Files inside")
    read_back: bool = Field(title="Opened again and compared")
    medium: ItemNumber = Field(title="Number of the medium")
    notice: ItemNumber = Field(title="Number of the password notice")
    font_sha256: MaybeSha256 = Field(default="", title="SHA-256 of the font")


class Movement(ActRecord):
    """One movement, with what the ward's ledger asks (日時 取扱者 情報の内容 数量), and how it was carried."""

    item: ItemNumber = Field(title="Item")
    giver: PersonId = Field(title="Handed over by")
    receiver: PersonId = Field(title="Received by")
    occasion: Line = Field(title="Occasion")
    slip: Line = Field(title="Slip number")
    quantity: Annotated[int, Field(ge=1, le=1000)] = Field(default=1, title="Quantity")
    locked_bag: bool = Field(title="Carried in a locked bag or the like")
    in_person: bool = Field(title="Handed over in person")
    already_happened: bool = Field(default=False, title="It has already happened")

    @property
    def has_happened(self) -> bool:
        """Tell a movement that is being planned, which may be refused, from one that is past."""
        return self.already_happened


class MediumHandedOver(Movement):
    """媒体手渡し: with the virus scan of the day it leaves."""

    scanned_on: date = Field(title="Virus scan made on")
    scan_clean: bool = Field(title="Virus scan found nothing")


class PasswordHandedOver(Movement):
    """パスワード通知書手渡し, on another occasion."""


class CopyMade(ActRecord):
    """One electronic copy at the contractor's; it becomes a duty to erase."""

    copy_number: ItemNumber = Field(title="Number of the copy")
    kind: Code = Field(title="Kind of storage")
    place: Line = Field(title="Where")


class ReceiptReported(ActRecord):
    """受領件数・ウイルス検査報告 (document 10): the receiver's own count, made without being shown the sender's."""

    received: Count = Field(title="Persons read")
    package_sha256: Sha256 = Field(title="SHA-256 of the encrypted package")
    pattern_on: date = Field(title="Date of the virus pattern")
    scan_clean: bool = Field(title="Virus scan found nothing")
    condition_good: bool = Field(title="Medium and seal arrived in good condition")
    copies: tuple[CopyMade, ...] = Field(title="Copies made")
