"""Extraction: how an extract came, its counts and hashes, decisions on held rows, and what changed afterwards."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from models.records.base import ActRecord, Code, Count, ItemNumber, Label, MaybeSha256, SerialText, Sha256, taking
from models.records.transfer import Locked, Movement, StoragePlace
from models.words import N_

_POINTS = r"U\+[0-9A-F]{4,6}( U\+[0-9A-F]{4,6})*"
_PAIR = rf"{_POINTS}>({_POINTS})?"


class ExtractReceived(Movement):
    """抽出ファイル受領: the encrypted file as the register section handed it over; a copy with an erasure duty."""

    sha256: Sha256 = Field(title="SHA-256 of the encrypted file")
    form: Literal["7z", "zip"] = Field(title="Form")


class FileTaken(ActRecord):
    """How the file came that an act takes in. Without either it lay in the inbox, which is emptied."""

    travelled_sha256: MaybeSha256 = Field(default="", title="SHA-256 of the encrypted file it came in")
    original: ItemNumber | Literal[""] = Field(default="", title="Number of the original that still lies elsewhere")
    protected_list_sha256: MaybeSha256 = Field(default="", title="SHA-256 of the list of protected persons beside it")
    protected_removed: bool = Field(
        default=False, title="The register section took the protected persons out beforehand, and I say so"
    )


class RowHeld(ActRecord):
    """One held row: where it is and why, never what stands in it."""

    row: Annotated[int, Field(ge=2)] = Field(title="Row in the extract")
    column: Label = Field(title="Column")
    code: Code = Field(title="Finding code")


class ExtractTaken(FileTaken):
    """抽出条件書・抽出件数票 (document 7). raw hits = exported + excluded + held.

    `added`, `removed` and `changed` compare it with the extract taken before it; `hard` is what the imprint sample must
    show.
    """

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
    serials: SerialText = Field(default="", title="Serials exported")
    waiting: SerialText = Field(default="", title="Serials of held rows")
    hard: SerialText = Field(default="", title="Serials for the imprint sample")
    before_sha256: MaybeSha256 = Field(default="", title="SHA-256 of the extract before it")
    added: SerialText = Field(default="", title="Serials added")
    removed: SerialText = Field(default="", title="Serials removed")
    changed: SerialText = Field(default="", title="Serials changed")
    last_year: Count | None = Field(default=None, title="Exported last year")


class RowDecided(ActRecord):
    """A named person's decision on a held row: never the value, only the row, the way and a reason code.

    "corrected" leaves the row to a corrected extract and goes on blocking until that is taken.
    """

    row: Annotated[int, Field(ge=2)] = Field(title="Row in the extract")
    how: Literal["corrected", "exclude", "accept", "substitute"] = Field(title="Decision")
    reason: Code = Field(title="Reason code")
    substitute: Annotated[
        str,
        StringConstraints(pattern=rf"^({_PAIR}(,{_PAIR})*)?$"),
        taking(N_("code points"), "U+9AD9>U+9AD8"),
    ] = Field(default="", title="Substitute as code points")


class ExtractChecked(ActRecord):
    """点検票: the numbers the two checkers sign."""

    exported: Count = Field(title="Exported")
    excluded: Count = Field(title="Excluded")
    window_seen: bool = Field(title="The birth window was compared with the fiscal year")
    storage_place: StoragePlace = ""  # of the register section, for whatever the extract came on
    locked: Locked = None


class ListTaken(ActRecord):
    """What a named person says about a list of the register that does not speak for itself."""

    nobody_of_ours: bool = Field(default=False, title="Nobody of this year stands on the list, and that is right")
    footers: Count = Field(default=0, title="Totals, dates and closing words, told apart from the rows")


class ProtectionRechecked(ListTaken):
    """支援措置再確認: who was newly protected since the last check, by serial only.

    `no_longer_protected` counts those whom the extract marked and who, as a named person says, are protected no more.
    """

    newly_protected: SerialText = Field(default="", title="Serials of newly protected persons")
    list_sha256: MaybeSha256 = Field(default="", title="SHA-256 of the register's list")
    listed: Count = Field(default=0, title="Rows of the register's list")
    no_longer_protected: Count = Field(default=0, title="Marked by the extract, but protected no more")


class ChangesTaken(ListTaken):
    """異動連絡: what the register section tells after the extraction, by serial; the kinds stay with the ward."""

    list_sha256: Sha256 = Field(title="SHA-256 of the change list")
    rows: Count = Field(title="Rows of the change list")
    moved: SerialText = Field(default="", title="Serials of those who moved out")
    died: SerialText = Field(default="", title="Serials of those who died")
    newly_protected: SerialText = Field(default="", title="Serials of newly protected persons")
    staying: Count = Field(default=0, title="Rows that call for no pull")
    strangers: Count = Field(default=0, title="Rows about nobody of this year")


class ListWithdrawn(ActRecord):
    """一覧の取下げ: a wrong re-check or change list counts no more; what was pulled for it at once stays pulled."""

    list_sha256: Sha256 = Field(title="SHA-256 of the list")
    reason: Code = Field(title="Reason code")
    pulled: SerialText = Field(default="", title="Serials that were pulled for it before the sealing")


class ProtectedListed(ActRecord):
    """支援措置対象者の引渡し: the list by which ward staff write themselves; a copy with an erasure duty."""

    persons: Count = Field(title="Persons on the list")
    sha256: Sha256 = Field(title="SHA-256 of the list")
    item: ItemNumber = Field(title="Number of the list")


class AdditionsTaken(FileTaken):
    """追加抽出: late move-ins after the fourteen days of notice, and whose letter is replaced; they get new serials."""

    extract_sha256: MaybeSha256 = Field(title="SHA-256 of the extract")
    raw_hits: Count = Field(title="Raw hits")
    excluded: dict[Code, Count] = Field(title="Excluded by reason")
    serials: SerialText = Field(default="", title="New serials")
    replaced: SerialText = Field(default="", title="Serials replaced by new ones")
    addressees_sha256: MaybeSha256 = Field(default="", title="SHA-256 of the addressees in the vault")
