"""A programme: one TOML file that describes one yearly mailing. Another mailing is another file, no code.

`Programme.parse` validates; every error names the key. The hash of the file is stored with each cycle, so that a cycle
always runs under the words it was opened with.
"""

import hashlib
import re
import tomllib
import unicodedata
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from models.errors import BadInput, BadSetting
from models.extract import characters
from models.words import _, in_words


class Part(BaseModel):
    """A table of the programme: frozen, and an unknown key is an error rather than a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Referral(Part):
    """付議: the matter the board approved. A difference from it holds the cycle until a new referral is recorded."""

    business: str
    basis: str
    purpose: str
    reason: str
    number: str
    decided_on: date | None = None


class Sections(Part):
    """The ward's sections by their official names, and the head as written on letters and notices."""

    municipality: str
    owner: str
    extraction: str
    sender: str
    contact: str


class Contractor(Part):
    """The consigned company and the certificate it holds."""

    name: str
    certificate: str
    subcontracting: Literal["none", "consented"] = "none"


class Consignment(Part):
    """What is consigned, which items of personal data may leave, on what, and who posts."""

    work: tuple[str, ...]
    items: tuple[str, ...]
    medium: str
    package_form: Literal["7z", "zip"] = "7z"
    poster: Literal["ward", "contractor"] = "ward"
    additions_printed_by: Literal["ward", "contractor"] = "ward"
    period: str
    separation_hours: Annotated[int, Field(ge=1)] = 12


class Meanings(Part):
    """What the values of a column mean for the invitation, in the register's own words or codes; any other is held.

    Whoever was `taken_off` the register otherwise is held in an extract, and pulled by a list of changes.
    """

    died: tuple[str, ...] = ()
    moved_out: tuple[str, ...] = ()
    moved_in: tuple[str, ...] = ()
    taken_off: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()

    def of(self, text: str) -> str:
        """Return what a cell means, "" where nobody said; width and spaces do not count."""
        value = _bare(text)
        return next((meaning for meaning, words in self if value in map(_bare, words)), "")


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


class Extract(Part):
    """The register extract: column names, eligibility, the plausible number of persons, and the municipality's towns.

    `towns` names the file, beside the programmes, that says which towns a postal code has; without it nobody compares.
    Whoever has anything in a column of `also_protect` is held out as if marked: an end date in the past frees nobody.
    """

    needed: tuple[str, ...]
    known: tuple[str, ...]
    also_protect: tuple[str, ...] = ()
    # Of programmes that were stored before they said it themselves: the words that were known then.
    reasons: Meanings = Meanings(
        died=("死亡",), moved_out=("転出",), moved_in=("転入",), taken_off=("国外転出", "職権消除"),
        stays=("転居", "氏名変更", "出生"),
    )  # fmt: skip
    states: Meanings = Meanings()
    born_from: str
    born_to: str
    expect: tuple[int, int]
    towns: str = ""
    size_limit_mib: int = 512
    substitutes: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @field_validator("expect")
    @classmethod
    def _band(cls, band: tuple[int, int]) -> tuple[int, int]:
        if not 0 < band[0] <= band[1]:
            raise ValueError(_("the band is two counts, the smaller first"))
        return band

    @field_validator("born_from", "born_to")
    @classmethod
    def _bound(cls, text: str) -> str:
        _bound_date(text, 2000)
        return text

    @field_validator("substitutes")
    @classmethod
    def _code_points(cls, table: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        try:
            read = [characters(points) for found, instead in table.items() for points in (found, *instead)]
        except BadInput as error:
            raise ValueError(error.message) from None
        if not all(len(character) == 1 for character in read):
            raise ValueError(_('a substitute is one character for one, such as "U+9AD9" = ["U+9AD8"]'))
        return table

    @property
    def columns(self) -> tuple[str, ...]:
        """Return every column that is read."""
        return (*self.needed, *self.known, *self.optional)

    @property
    def optional(self) -> tuple[str, ...]:
        """Return the columns that few extracts have, but none of which may be dropped."""
        return (*self.also_protect, "住民状態")

    def window(self, fiscal_year: int) -> tuple[date, date]:
        """Return the first and last birth date of those invited in the fiscal year (年齢計算ニ関スル法律)."""
        return _bound_date(self.born_from, fiscal_year), _bound_date(self.born_to, fiscal_year)


class Insert(Part):
    """What goes into every envelope beside the letter (封入物), and how many of it; in the file a bare name is one."""

    name: str
    count: Annotated[int, Field(ge=1)] = 1
    unit: str = "部"

    @model_validator(mode="before")
    @classmethod
    def _of_a_bare_name(cls, given: object) -> object:
        return {"name": given} if isinstance(given, str) else given


class Paper(Part):
    """Templates and the letter's box: sizes in millimetres and points.

    `tray` is how many letters lie between two separators; the customer barcode needs `extract.towns`.
    """

    templates: str
    inserts: tuple[Insert, ...]
    name_width_mm: float
    name_size_pt: float
    address_width_mm: float
    address_size_pt: float
    tray: Annotated[int, Field(ge=1, le=1000)] = 500
    customer_barcode: bool = False
    barcode_size_pt: Annotated[float, Field(ge=8, le=11.5)] = 10


class Printing(Part):
    """When a print run stops: spoiled sheets beyond a share of the letters, but never for fewer than some sheets."""

    reprint_ceiling_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    reprint_ceiling_sheets: Annotated[int, Field(ge=0)] = 10

    def ceiling(self, letters: int) -> int | None:
        """Return how many sheets may be spoiled of so many letters; None where the programme sets no ceiling."""
        share = self.reprint_ceiling_percent
        return None if share is None else max(int(letters * share / 100), self.reprint_ceiling_sheets)


class ScanLog(Part):
    """The sealer's log: a column is the name in the header, or its place from 1 on where there is no header.

    `letter` holds the code of the letter, `others` those of envelope and inserts that must agree with it; `at_output`
    is the one of them that is read from the sealed piece as it leaves the machine. `mark` tells what happened to the
    piece; a `time` makes it possible to know the same scan in two files.
    """

    encoding: Literal["utf-8", "cp932", "utf-16"] = "utf-8"
    separator: Annotated[str, Field(pattern=r"^[,;|\t]$")] = ","
    header: bool = True
    letter: str | int = "code"
    others: tuple[str | int, ...] = ()
    at_output: str | int = ""
    time: str | int = ""
    mark: str | int = ""
    rerun: tuple[str, ...] = ("RERUN",)
    touched: tuple[str, ...] = ("MANUAL",)
    size_limit_mib: Annotated[int, Field(ge=1, le=4096)] = 512

    def columns_read(self, *, timed: bool) -> tuple[str | int, ...]:
        """Return every column that is read: the letter's first, then other codes, mark, and time if asked."""
        last = self.time if timed else ""
        return tuple(column for column in (self.letter, *self.others, self.mark, last) if column)

    @model_validator(mode="after")
    def _output_is_one_of_the_others(self) -> Self:
        if self.at_output and self.at_output not in self.others:
            raise ValueError(_("at_output is one of others"))
        return self

    @model_validator(mode="after")
    def _places_are_numbers(self) -> Self:
        if not self.header and any(isinstance(column, str) for column in self.columns_read(timed=True)):
            raise ValueError(_("without a header every column is a place: 1, 2, 3"))
        return self


class Enclosing(Part):
    """How letter and envelope are matched: by the report alone, by trays counted by hand, or by the sealer's log."""

    match: Literal["report", "scans"] = "report"
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    log: ScanLog = ScanLog()


class Tariff(Part):
    """料金表: yen by kind of piece, or by a discount with a tariff of its own, and by the grams up to which it holds.

    The ward edits it whenever Japan Post changes it; what it has not compared with Japan Post's own is not `verified`.
    """

    valid_from: date | None = None
    verified: bool = False
    yen: dict[str, dict[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]] = Field(default_factory=dict)

    def of(self, kind: str, grams: int) -> int | None:
        """Return what a piece of a kind and weight costs; None where the table does not say."""
        classes = self.yen.get(kind, {})
        return next((classes[limit] for limit in sorted(classes) if 0 < grams <= limit), None)


class Mailing(Part):
    """How it is posted, as it stands on the posting paper; models/postage.py knows the discounts' conditions.

    `weight_g` is the weight of one piece in grams, rounded up; 0 is not known, and no amount is worked out. `areas`
    are the 郵便区 at whose offices the ward posts, each with the beginnings of its postal codes.
    """

    postage: str = "料金後納"
    kind: str = "第一種定形郵便物"
    weight_g: Annotated[int, Field(ge=0)] = 0
    discounts: tuple[str, ...] = ()
    office: str = ""
    areas: dict[str, tuple[Annotated[str, Field(pattern=r"^[0-9]{3,7}$")], ...]] = Field(
        default_factory=dict[str, tuple[str, ...]]
    )
    tariff: Tariff = Tariff()

    @field_validator("areas")
    @classmethod
    def _each_code_in_one_area(cls, areas: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        codes = [code for beginnings in areas.values() for code in beginnings]
        if any(one.startswith(other) for n, one in enumerate(codes) for m, other in enumerate(codes) if n != m):
            raise ValueError(_("a postal code belongs to one area only, and each is told once"))
        return areas


class Reminders(Part):
    """The ladder: how many open days before and after the due date somebody is written to."""

    ladder: tuple[int, ...]
    hour: Annotated[int, Field(ge=0, le=23)] = 9


class Emergency(Part):
    """What is done at once when something happens, in the order of doing (緊急時の対応手順)."""

    procedure: tuple[str, ...] = ()


class Statute(Part):
    """How the ward reads what nobody could verify in the text of the law; internal papers mark it as not verified.

    `full_report_serves_as_both`: one full report may be 速報 and 確報 at once (速報兼確報).
    `encryption_may_exempt`: what was strongly encrypted may be outside of 規則43条 for administrative organs too, which
    people decide each time.
    """

    full_report_serves_as_both: bool = False
    encryption_may_exempt: bool = True


class Approval(Part):
    """How the ward decides: the form of the numbers of its electronic approval (起案文書番号), with an example.

    `decisions`: contract, referral, readiness and hand-over bring the number and the day of their approval ("number"),
    or wait for the approver's own confirmation ("confirmation"). `inspector`: who accepts the work is an inspector
    apart from the coordinators ("separate"), or a coordinator. A programme that says nothing asks for neither, so that
    a year goes on as it was opened.
    """

    pattern: str = r"[0-9]{1,4}-?[一-龠々]{1,6}-?(第[0-9]{1,6}号|[0-9]{1,6})"
    example: str = "26総総第123号"
    decisions: Literal["", "number", "confirmation"] = ""
    inspector: Literal["coordinator", "separate"] = "coordinator"

    @model_validator(mode="after")
    def _example_has_the_form(self) -> Self:
        with suppress(re.error):
            if re.fullmatch(self.pattern, self.example):
                return self
        raise ValueError(_("approval.example does not have the form of approval.pattern"))


class Supervision(Part):
    """What the ward asks of protection by days: how old the last security patch may be at readiness (W/C-SY-04)."""

    patched_within_days: Annotated[int, Field(ge=1)] = 90


class Commitment(Part):
    """A day that no lateness moves (Law 11), by a rule from an anchor such as S-14d, and the acts it bounds."""

    ja: str
    en: str
    day: str
    bounds: Annotated[tuple[str, ...], Field(min_length=1)]


class Retention(Part):
    """What stays after the year, and for how long (文書保存年限)."""

    years: Annotated[int, Field(ge=1)]


class Programme(Part):
    """One yearly mailing, whole."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title_ja: str
    title_en: str
    ceremony_ja: str
    ceremony_en: str = ""
    ceremony_at: str
    ceremony_place: str
    opens: str
    referral: Referral
    sections: Sections
    contractor: Contractor
    consignment: Consignment
    extract: Extract
    paper: Paper
    printing: Printing = Printing()
    enclosing: Enclosing = Enclosing()
    mailing: Mailing = Mailing()
    reminders: Reminders
    retention: Retention
    emergency: Emergency = Emergency()
    statute: Statute = Statute()
    approval: Approval = Approval()
    supervision: Supervision = Supervision()
    measures: str
    anchors: dict[str, str]
    schedule: dict[str, str] = Field(default_factory=dict)
    milestones: dict[str, str] = Field(default_factory=dict)
    commitments: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")], Commitment] = Field(
        default_factory=dict[str, Commitment]
    )
    sha256: str = ""

    @model_validator(mode="after")
    def _barcode_has_its_towns(self) -> Self:
        if self.paper.customer_barcode and not self.extract.towns:
            raise ValueError(_("extract.towns is needed for the customer barcode"))
        return self

    @model_validator(mode="after")
    def _leaves_only_what_the_law_of_minimum_allows(self) -> Self:
        if surplus := set(self.consignment.items) - {"氏名", "郵便番号", "住所"}:
            raise ValueError(
                _("consignment.items may hold 氏名, 郵便番号 and 住所 only, not {items}").format(
                    items="、".join(sorted(surplus))
                )
            )
        return self

    @property
    def ceremony(self) -> str:
        """Return what people are invited to, as it is called in the reader's language."""
        return in_words(ja=self.ceremony_ja, en=self.ceremony_en or self.ceremony_ja)

    @classmethod
    def parse(cls, text: str, *, name: str) -> Self:
        """Read a programme from TOML text; `name` is shown in errors.

        Raises:
            BadSetting: the text is not TOML, or a key is missing, unknown or wrong; the message names the key.

        """
        try:
            return cls.model_validate({**tomllib.loads(text), "sha256": hashlib.sha256(text.encode()).hexdigest()})
        except RecursionError:
            raise BadSetting(
                _("The programme {name} is nested too deeply.").format(name=name), _("Mend the file.")
            ) from None
        except tomllib.TOMLDecodeError as error:
            raise BadSetting(
                _("The programme {name} is not TOML: {error}").format(name=name, error=error), _("Mend the file.")
            ) from None
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise BadSetting(
                _("The programme {name} has wrong keys: {wrong}").format(name=name, wrong=wrong),
                _("Mend these keys in the programme file."),
            ) from None


def text_of(path: Path) -> str:
    """Return the text of a programme file.

    Raises:
        BadSetting: it cannot be read as UTF-8.

    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadSetting(
            _("The programme file {name} cannot be read.").format(name=path.name),
            _("Put it there as a UTF-8 text file."),
        ) from None


def _bound_date(text: str, fiscal_year: int) -> date:
    """Read "fy-20:04-02": a month and day of the year that many years before the fiscal year."""
    try:
        years, day = text.removeprefix("fy-").split(":")
        return date.fromisoformat(f"{fiscal_year - int(years):04d}-{day}")
    except ValueError:
        raise ValueError(_("a birth bound reads like fy-20:04-02")) from None
