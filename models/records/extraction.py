"""Extraction: the counts and hashes of an extract, decisions on held rows, re-checks of protected persons."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from models.records.base import ActRecord, Code, Count, Line, MaybeSha256, SerialText, Sha256


class RowHeld(ActRecord):
    """One held row: where it is and why, never what stands in it."""

    row: Annotated[int, Field(ge=2)] = Field(title="Row in the extract")
    column: Line = Field(title="Column")
    code: Code = Field(title="Finding code")


class ExtractTaken(ActRecord):
    """抽出条件書・抽出件数票 (document 7). raw hits = exported + excluded + held."""

    extract_sha256: Sha256 = Field(title="SHA-256 of the extract")
    encoding: Code | Literal["utf-8", "utf-8-sig", "utf-16"] = Field(title="Encoding")
    raw_hits: Count = Field(title="Raw hits")
    excluded: dict[Code, Count] = Field(title="Excluded by reason")
    exported: Count = Field(title="Exported")
    held: Count = Field(title="Held rows")
    rows: tuple[RowHeld, ...] = Field(default=(), max_length=5000, title="Held rows by number, column and code")
    born_from: date = Field(title="Earliest birth date")
    born_to: date = Field(title="Latest birth date")
    window_from: date = Field(title="Birth window begins")
    window_to: date = Field(title="Birth window ends")
    months: dict[str, Count] = Field(title="Exported by birth month")
    font_sha256: Sha256 = Field(title="SHA-256 of the font")
    warnings: dict[Code, Count] = Field(title="Warnings by code")
    addressees_sha256: MaybeSha256 = Field(default="", title="SHA-256 of the addressees in the vault")


class RowDecided(ActRecord):
    """A named person's decision on a held row: never the value, only the row, the way and a reason code."""

    row: Annotated[int, Field(ge=2)] = Field(title="Row in the extract")
    how: Literal["exclude", "accept", "substitute"] = Field(title="Decision")
    reason: Code = Field(title="Reason code")
    substitute: Annotated[
        str,
        StringConstraints(pattern=r"^(U\+[0-9A-F]{4,6}( U\+[0-9A-F]{4,6})*>(U\+[0-9A-F]{4,6}( U\+[0-9A-F]{4,6})*)?)?$"),
    ] = Field(default="", title="Substitute as code points")


class ExtractChecked(ActRecord):
    """点検票: the numbers the two checkers sign."""

    exported: Count = Field(title="Exported")
    excluded: Count = Field(title="Excluded")
    window_seen: bool = Field(title="The birth window was compared with the fiscal year")


class ProtectionRechecked(ActRecord):
    """支援措置再確認: who was newly protected since the last check, by serial only."""

    newly_protected: SerialText = Field(default="", title="Serials of newly protected persons")


class AdditionsTaken(ActRecord):
    """追加抽出: late move-ins after the fourteen days of notice; they get new serials."""

    extract_sha256: MaybeSha256 = Field(title="SHA-256 of the extract")
    raw_hits: Count = Field(title="Raw hits")
    excluded: dict[Code, Count] = Field(title="Excluded by reason")
    serials: SerialText = Field(default="", title="New serials")
    replaced: SerialText = Field(default="", title="Serials replaced by new ones")
    addressees_sha256: MaybeSha256 = Field(default="", title="SHA-256 of the addressees in the vault")
