"""Transfer: what leaves, who carries it, who has it, and the receiver's own count (documents 8-10)."""

from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import Field

from models.records.base import (
    ActRecord,
    Code,
    Count,
    ItemNumber,
    Label,
    Line,
    MaybeLine,
    MaybePersonId,
    MaybeSha256,
    PersonId,
    ReadSha256,
    SerialText,
    Sha256,
)

# 鍵付きカバン等: for many boxes a locked container or vehicle.
Bag = Literal["bag", "container", "vehicle"]
Holder = Literal["ward", "contractor", "subcontractor"]
# What a copy lies on, as NIST SP 800-88 sorts it; "" where nobody has looked.
Storage = Literal["", "hdd", "ssd", "flash", "tape", "optical", "memory", "paper"]
# Where something is kept while nobody works with it (W-OP-10, C-OP-10), and whether the place is locked.
StoragePlace = Annotated[MaybeLine, Field(title="Storage place (safe, cabinet)")]
Locked = Annotated[bool | None, Field(title="The storage place is locked")]


class PackageSealed(ActRecord):
    """The encrypted package as it was made and read back. No count of persons: the received count is the receiver's.

    Where the programme names the ward's postal areas, the letters within each are counted for the postage.
    """

    package_sha256: Sha256 = Field(title="SHA-256 of the encrypted package")
    size: Annotated[int, Field(ge=1)] = Field(title="Size in bytes")
    form: Literal["7z", "zip"] = Field(title="Form")
    algorithm: Label = Field(title="Encryption")
    members: tuple[Label, ...] = Field(title="Files inside")
    read_back: bool = Field(title="Opened again and compared")
    medium: ItemNumber = Field(title="Number of the medium")
    notice: ItemNumber = Field(title="Number of the password notice")
    font_sha256: MaybeSha256 = Field(default="", title="SHA-256 of the font")
    held_back: SerialText | None = Field(default=None, title="Serials held back from it")
    areas: dict[Label, Count] = Field(default_factory=dict[str, int], title="Letters within each postal area")


class AdditionsSealed(PackageSealed):
    """追加分の暗号化パッケージ: the additional persons, for a contractor that prints them."""

    template_sha256: MaybeSha256 = Field(default="", title="SHA-256 of the letter's template")


class PackageReadBack(ActRecord):
    """読戻し試験: the sealed package opened again with its password, on the day it leaves."""

    package_sha256: Sha256 = Field(title="SHA-256 of the encrypted package")
    hash_agrees: bool = Field(title="The hash is the one of the sealing")
    opened: bool = Field(title="The password opens it")
    rows_agree: bool = Field(title="The rows counted are those exported")


class NoticePrinted(ActRecord):
    """通知書の印刷済の記録: the paper is in its envelope, its file is removed."""

    notice: ItemNumber = Field(title="Number of the password notice")
    in_sealed_envelope: bool = Field(title="It is in a sealed envelope")


class NoticeReprinted(ActRecord):
    """通知書の再発行: a new paper with a number of its own; the former stays an item with whoever has it."""

    notice: ItemNumber = Field(title="Number of the password notice")
    former: ItemNumber = Field(title="Number of the former notice")
    reason: Literal["misprint", "damaged", "lost"] = Field(title="Reason of the reprint")


class Handed(ActRecord):
    """How something changes hands beside what else an act tells; what an older version wrote says nothing of it.

    What stays empty is either not moved at all, or nobody knows it (不明).
    """

    giver: MaybePersonId = Field(default="", title="Handed over by")
    receiver: MaybePersonId = Field(default="", title="Received by")
    carrier: MaybePersonId = Field(default="", title="Carried by, if not by the giver")
    occasion: MaybeLine = Field(default="", title="Occasion")
    slip: MaybeLine = Field(default="", title="Slip number")
    locked_bag: bool | None = Field(default=None, title="Carried in a locked bag or the like")
    bag: Bag = Field(default="bag", title="Kind of locked bag")
    bag_number: MaybeLine = Field(default="", title="Number of the bag")
    condition: Literal["", "good", "damaged", "seal_broken"] = Field(default="", title="Condition on receipt")
    already_happened: bool = Field(default=False, title="It has already happened")

    @property
    def carried_by(self) -> str:
        """Return who carried it: the giver where nobody else is named."""
        return self.carrier or self.giver

    @property
    def tells_hands(self) -> bool:
        """Tell whether anything is said of who handed it to whom."""
        return bool(self.giver or self.receiver or self.slip)


class Carried(Handed):
    """How something changes hands: who, on which occasion, in what, on which slip."""

    giver: PersonId = Field(title="Handed over by")
    receiver: PersonId = Field(title="Received by")
    occasion: Line = Field(title="Occasion")
    slip: Line = Field(title="Slip number")
    locked_bag: bool = Field(  # pyright: ignore[reportIncompatibleVariableOverride]  # records are frozen
        title="Carried in a locked bag or the like"
    )


class Movement(Carried):
    """One movement, with what the ward's ledger asks (日時 取扱者 情報の内容 数量), and how it was carried."""

    item: ItemNumber = Field(title="Item")
    quantity: Annotated[int, Field(ge=1, le=100_000)] = Field(default=1, title="Quantity")
    in_person: bool = Field(title="Handed over in person")


class MediumHandedOver(Movement):
    """媒体手渡し: with the virus scan of the day it leaves."""

    scanned_on: date = Field(title="Virus scan made on")
    scan_clean: bool = Field(title="Virus scan found nothing")
    storage_place: StoragePlace = ""  # of the ward, until it left
    locked: Locked = None


class PasswordHandedOver(Movement):
    """パスワード通知書手渡し, on another occasion."""


class ItemMoved(Movement):
    """Any other movement: proof sheets, spoiled stacks, returned paper, a copy for a subcontractor."""

    to: Holder = Field(title="Who has it now")
    kind: Code = Field(default="paper", title="Kind of item, if it is not registered yet")
    scanned_on: date | None = Field(default=None, title="Virus scan made on (a medium that leaves)")
    scan_clean: bool | None = Field(default=None, title="Virus scan found nothing (a medium that leaves)")


class ItemLost(ActRecord):
    """紛失の記録: an item that nobody can find."""

    item: ItemNumber = Field(title="Item")
    noticed_on: date = Field(title="Noticed on")
    last_seen: MaybeLine = Field(default="", title="Seen last at")


class SlipReprinted(ActRecord):
    """確認記録票の再発行."""

    slip: Line = Field(title="Slip number")
    reason: Line = Field(title="Reason of the reprint")


class CopyMade(ActRecord):
    """One copy, wherever it lies; it becomes a duty to erase, and on paper a duty to return."""

    copy_number: ItemNumber = Field(title="Number of the copy")
    kind: Code = Field(title="Kind of storage")
    place: Line = Field(title="Where")
    storage: Storage = Field(default="", title="What it lies on")

    @property
    def lies_on(self) -> str:
        """Return what the copy lies on, "" if nobody has said it."""
        return self.storage or (self.kind if self.kind in get_args(Storage) else "")


class CopiesRegistered(ActRecord):
    """複製の登録: by either side, at any time."""

    copies: tuple[CopyMade, ...] = Field(min_length=1, title="Copies made")
    holder: Holder = Field(default="contractor", title="Who has it now")


class ReceiptReported(ActRecord):
    """受領件数・ウイルス検査報告 (document 10): the receiver's own count, made without being shown the sender's."""

    received: Count = Field(title="Persons read")
    package_sha256: ReadSha256 = Field(title="SHA-256 of the encrypted package")
    pattern_on: date = Field(title="Date of the virus pattern")
    scan_clean: bool = Field(title="Virus scan found nothing")
    condition_good: bool = Field(title="Medium and seal arrived in good condition")
    copies: tuple[CopyMade, ...] = Field(title="Copies made")
    storage_place: StoragePlace = ""  # of the contractor, for the medium
    locked: Locked = None
    readers: tuple[PersonId, ...] = Field(default=(), title="Who may read the working folder")
    copies_encrypted: bool | None = Field(default=None, title="The working copies are encrypted")
    ledger_line: MaybeLine = Field(default="", title="Number in the contractor's own control ledger")


class AdditionsReceived(ReceiptReported):
    """追加分の受領件数・ウイルス検査報告: the same of the package of additions."""
