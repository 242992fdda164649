"""Erasure: every copy at the contractor's (document 18), what came back, and the ward's own data."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from models.records.base import ActRecord, Count, Instant, ItemNumber, Line, PersonId


class CopyErased(ActRecord):
    """One electronic copy erased: what, how, with what, when, by whom, before whom."""

    copy_number: ItemNumber = Field(title="Number of the copy")
    method: Literal["overwrite", "cryptographic_erase", "purge", "spool_cleared"] = Field(title="Method")
    tool: Line = Field(title="Tool")
    erased_at: Instant = Field(title="Erased at")
    erased_by: PersonId = Field(title="Erased by")
    witness: PersonId = Field(title="Witness")


class ErasureReported(ActRecord):
    """消去報告書 (document 18)."""

    copies: tuple[CopyErased, ...] = Field(title="Copies erased")


class ErasureConfirmed(ActRecord):
    """消去確認."""

    every_place_covered: bool = Field(title="Every place is covered")


class ItemsDestroyed(ActRecord):
    """The ward destroys what came back: media, paper, notices."""

    items: tuple[ItemNumber, ...] = Field(min_length=1, title="Items destroyed")
    method: Line = Field(title="Method")
    destroyed_on: date = Field(title="Destroyed on")
    witness: PersonId = Field(title="Witness")


class WardDataErased(ActRecord):
    """データ廃棄記録: the scan's figures and what was destroyed."""

    scanned_files: Count = Field(title="Files scanned")
    scanned_bytes: Annotated[int, Field(ge=0)] = Field(title="Bytes scanned")
    needles: Count = Field(title="Search terms")
    found: Count = Field(title="Residents' data found")
    unread: Count = Field(title="Files that could not be read")
    vault_files_destroyed: Count = Field(title="Vault files destroyed")
    keys_destroyed: Count = Field(title="Keys and key backups destroyed")
    absent: bool = Field(title="Key and files are absent")


class YearClosed(ActRecord):
    """年度業務完結."""

    keep_until: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$", title="Records kept until")
