"""Erasure: every copy at the contractor's (document 18), what came back, and the ward's own data."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from models.records.base import (
    ActRecord,
    ApprovalNumber,
    Count,
    ItemNumber,
    Line,
    MaybeLine,
    MaybeSha256,
    PersonId,
    taking,
)
from models.words import N_

# After NIST SP 800-88: overwrite and spool_cleared clear, the next three purge, the last two destroy.
Method = Literal["overwrite", "spool_cleared", "cryptographic_erase", "purge", "degauss", "shred", "destroy"]

# Where the search could not look, as the scanner names it: a path or a table and a reason, never what stands there.
Place = Annotated[str, StringConstraints(max_length=300), taking(N_("place"), "share denied")]


class CopyErased(ActRecord):
    """One electronic copy erased: what, how, with what, when, by whom, before whom."""

    copy_number: ItemNumber = Field(title="Number of the copy")
    method: Method = Field(title="Method")
    tool: Line = Field(title="Tool")
    erased_at: AwareDatetime = Field(title="Erased at")
    erased_by: PersonId = Field(title="Erased by")
    witness: PersonId = Field(title="Witness")


class CopiesErased(ActRecord):
    """Electronic copies erased, on either side."""

    copies: tuple[CopyErased, ...] = Field(title="Copies erased")


class ErasureReported(CopiesErased):
    """消去報告書 (document 18)."""


class WardCopiesErased(CopiesErased):
    """区の複製の消去: backups and whatever else the ward itself copied."""

    copies: tuple[CopyErased, ...] = Field(min_length=1, title="Copies erased")


class ErasureConfirmed(ActRecord):
    """消去確認."""

    every_place_covered: bool = Field(title="Every place is covered")


class ItemsDestroyed(ActRecord):
    """The ward destroys what came back: media, paper, notices, returned letters; a movement with its slip."""

    items: tuple[ItemNumber, ...] = Field(min_length=1, title="Items destroyed")
    method: Line = Field(title="Method")
    destroyed_on: date = Field(title="Destroyed on")
    witness: PersonId = Field(title="Witness")
    slip: MaybeLine = Field(default="", title="Slip number")


class DestructionConsented(ActRecord):
    """廃棄の承諾: the ward's prior written consent that items are destroyed elsewhere."""

    items: tuple[ItemNumber, ...] = Field(min_length=1, title="Items that may be destroyed")
    method: Line = Field(title="Method")
    place: Line = Field(title="Where")
    decision_number: ApprovalNumber
    decided_on: date = Field(title="Approved on")


class ItemsDestroyedElsewhere(ActRecord):
    """廃棄報告: items that were destroyed and not returned, under the ward's consent."""

    items: tuple[ItemNumber, ...] = Field(min_length=1, title="Items destroyed")
    method: Line = Field(title="Method")
    place: Line = Field(title="Where")
    destroyed_on: date = Field(title="Destroyed on")
    destroyed_by: PersonId = Field(title="Destroyed by")
    witness: PersonId = Field(title="Witness")
    certificate: MaybeSha256 = Field(default="", title="Certificate (file)")
    already_happened: bool = Field(default=False, title="It has already happened")


class NamesakesAccepted(ActRecord):
    """同姓同名の確認: a resident is called like one of us, whose name stands on slips and papers."""

    people: tuple[PersonId, ...] = Field(min_length=1, title="People of the register whose name a resident has too")


class WardDataErased(ActRecord):
    """データ廃棄記録: the scan's figures and what was destroyed."""

    scanned_files: Count = Field(title="Files scanned")
    scanned_bytes: Annotated[int, Field(ge=0)] = Field(title="Bytes scanned")
    needles: Count = Field(title="Search terms")
    found: Count = Field(title="Residents' data found")
    unread: Count = Field(title="Files that could not be read")
    scanned_tables: Count = Field(default=0, title="Tables of databases scanned")
    unread_places: tuple[Place, ...] = Field(default=(), title="What could not be read")
    namesakes: tuple[PersonId, ...] = Field(default=(), title="People of the register whose name was found")
    vault_files_destroyed: Count = Field(title="Vault files destroyed")
    keys_destroyed: Count = Field(title="Keys and key backups destroyed")
    absent: bool = Field(title="Key and files are absent")


class ItemKept(ActRecord):
    """Something with residents' data that the ward keeps beyond the close: until when, and why."""

    item: ItemNumber = Field(title="Item")
    until: date = Field(title="Kept until")
    reason: Line = Field(title="Reason")


class YearClosed(ActRecord):
    """年度業務完結, with a list of what the ward still keeps."""

    keep_until: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), taking(N_("date"), "2032-03-31")] = (
        Field(title="Records kept until")
    )
    kept: tuple[ItemKept, ...] = Field(default=(), title="Items kept beyond the close")
