"""The press: all paper, set by typst from the programme's templates, as PDF.

A template is a clerk's file; the data come as JSON through typst's inputs, never as a file, an argument or a log line.
Only the given fonts are used and nothing is fetched. The same data give the same bytes: no date is written into a PDF.
What each document expects is written below as one type a document.
"""

import json
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NotRequired, TypedDict, TypeVar

import typst

from adapters import codes
from adapters.barcode import customer_barcode
from adapters.codes import bars_as_text, piece_as_text
from adapters.fonts import CharacterFinding, FontFile, GlyphTable
from models.errors import BadInput, BadSetting
from models.extract import CODES
from models.serials import compact
from models.words import _

T = TypeVar("T")

# typst keeps memory from one compile to the next, 70 MiB for 1,000 letters: a worker is replaced after this many.
LETTERS_A_WORKER = 3000
_LOOKED_AT = 1000  # letters whose characters are looked at together, so that a refusal names more than one
# Findings of characters that would come out as a box, or silently in another shape.
UNDRAWN = frozenset({"no_glyph", "no_ivs"})


class Moment(TypedDict):
    """A date as paper shows it: {"iso": "2026-11-09", "wareki": "令和8年11月9日（月）", "time": "10:30"}."""

    iso: str
    wareki: str
    time: NotRequired[str]


class Head(TypedDict):
    """What stands on every document; `date` None leaves room to fill it in by hand, as everywhere."""

    municipality: str
    section: str
    programme: str
    fiscal_year: str
    number: str
    date: Moment | None


class Document(TypedDict):
    """Every document but the letter."""

    head: Head


class Labelled(TypedDict):
    """A row of a form."""

    label: str
    value: str


class Box(TypedDict):
    """The address block: the [paper] table of the programme, in millimetres and points."""

    name_width_mm: float
    name_size_pt: float
    address_width_mm: float
    address_size_pt: float
    barcode_size_pt: float


class Insert(TypedDict):
    """What goes into every envelope beside the letter (封入物): {"name": "案内リーフレット", "count": "1部"}."""

    name: str
    count: str


class Words(TypedDict):
    """The invitation's own data: `letter_form` (本文), and with addressees `letter` (案内状) and `specimen` (見本).

    `fiscal_year` is part of every piece code; `customer_barcode` says whether one stands under the name; `tray` is how
    many letters lie between two separators.
    """

    fiscal_year: int
    tray: int
    municipality: str
    sender: str
    contact: str
    date: Moment
    ceremony: str
    ceremony_on: Moment
    ceremony_at: str
    place: str
    inserts: Sequence[Insert]
    customer_barcode: bool
    box: Box


class Receiver(TypedDict):
    """To whom a notice is addressed."""

    company: str
    name: str


class Group(TypedDict):
    """A group of the password and its reading in katakana."""

    text: str
    kana: str


class PasswordNotice(Document):
    """`password_notice` パスワード通知書. `checkpoint` is the ledger's signed note line by line, here and below."""

    addressee: Receiver
    package: str
    medium: NotRequired[str]
    reissue: NotRequired[str]
    sha256: str
    groups: Sequence[Group]
    giver: str
    receiver: str
    checkpoint: Sequence[str]


class ControlSheet(Document):
    """`control_sheet` 管理票 of a medium. It never says how many persons the medium holds."""

    package: str
    medium: str
    form: str
    made_at: Moment | None
    made_by: str
    checked_by: str
    sha256: str
    read_back: str
    virus_scan: str


class Party(TypedDict):
    """A person on one side of a movement."""

    affiliation: str
    name: str


class Check(TypedDict):
    """A box to tick."""

    label: str
    done: bool


class Slip(Document):
    """`slip` 確認記録票: one movement. `entered_at` where it was entered afterwards; `code` is an SVG picture or ""."""

    marks: NotRequired[Sequence[str]]
    movement: str
    moved_at: Moment | None
    entered_at: NotRequired[Moment | None]
    giver: Party
    receiver: Party
    content: str
    quantity: str
    occasion: str
    bag: str
    carrier: str
    condition: NotRequired[str]
    checks: Sequence[Check]
    checkpoint: Sequence[str]
    code: NotRequired[str]


class Pull(TypedDict):
    """A serial to be pulled, with a reason code that tells the contractor nothing about the person."""

    serial: str
    code: str


class Code(TypedDict):
    """What a neutral reason code means."""

    code: str
    meaning: str


class PullList(Document):
    """`pull_list` 引抜きリスト: serials only."""

    contractor: str
    list_number: str
    stage: str
    acknowledge_by: Moment | None
    rows: Sequence[Pull]
    codes: Sequence[Code]
    made_by: str
    sealed: NotRequired[bool]


class PostingPaper(Document):
    """`posting_paper` 差出準備票: what the poster takes along; the accepted number is filled in at the counter."""

    poster: str
    post_on: Moment | None
    office: str
    letters: str
    postage: Sequence[Labelled]
    approved_by: Sequence[str]
    approved_at: Moment | None


class Entry(TypedDict):
    """A ledger entry as it is printed; what deviates or corrects stands out."""

    number: int
    at: Moment
    title: str
    who: str
    content: str
    quantity: str
    counterpart: str
    occasion: str
    slip: str
    remark: str
    stands_out: bool


class LedgerPrint(Document):
    """`ledger_print` 管理簿; `left_out` says how many automatic records (deadlines, reminders) it does not list."""

    period: str
    root: str
    left_out: int
    entries: Sequence[Entry]
    checkpoint: Sequence[str]


class Count(TypedDict):
    """A line of the conservation table; `differs` and `serials` are "" where it contradicts none."""

    label: str
    count: str
    source: str
    part: NotRequired[bool]
    differs: NotRequired[str]
    serials: NotRequired[str]


class Branch(TypedDict):
    """What leaves the flow of pieces at a stage, or joins it."""

    label: str
    count: str


class Stage(TypedDict):
    """A stage in the picture of the year: how many pieces reached it, what joined before it and what left after it."""

    label: str
    count: str
    differs: bool
    joins: Sequence[Branch]
    leaves: Sequence[Branch]


class CountsResult(TypedDict):
    """Whether the counts hold, and the sentence that says so."""

    holds: bool
    text: str


class Planned(TypedDict):
    """A dated act; the dates are text, "" while it is not done."""

    title: str
    owner: str
    planned: str
    actual: str
    difference: str


class Overdue(TypedDict):
    """An act that was or is late, and how often its owner was reminded."""

    title: str
    owner: str
    due: str
    done: str
    reminders: str


class Incident(TypedDict):
    """An incident or a deviation."""

    number: str
    on: str
    title: str
    outcome: str


class Measures(TypedDict):
    """How many measures of a category were kept."""

    label: str
    total: str
    kept: str
    open: str
    not_applicable: str


class LedgerState(TypedDict):
    """Where the ledger stands."""

    entries: str
    root: str
    checkpoint: Sequence[str]


class Report(Document):
    """`report` 年度報告書."""

    contractor: str
    state: str
    counts: Sequence[Count]
    counts_result: CountsResult
    flow: NotRequired[Sequence[Stage]]
    notes: NotRequired[Sequence[str]]
    schedule: Sequence[Planned]
    overdue: Sequence[Overdue]
    incidents: Sequence[Incident]
    measures: Sequence[Measures]
    supervision: NotRequired[Sequence[Labelled]]
    erasure: Sequence[Labelled]
    ledger: LedgerState
    coordinator: str
    approver: str


class Erased(TypedDict):
    """One thing that was erased: what, where, how, when, by whom."""

    what: str
    where: str
    method: str
    erased_at: Moment | None
    by: str


class CopyErased(Erased):
    """A copy of the register of copies: its number, what it lay on, with what it was erased, before whom."""

    number: NotRequired[str]
    storage: NotRequired[str]
    tool: NotRequired[str]
    witness: NotRequired[str]


class Key(TypedDict):
    """What became of the key of the cycle."""

    treatment: str
    destroyed_at: Moment | None
    by: str


class Kept(TypedDict):
    """What stays after the erasure, where, and until when."""

    what: str
    where: str
    until: str


class ErasureRecord(Document):
    """`erasure_record` データ廃棄記録: the ward's own."""

    items: Sequence[Erased]
    key: Key
    scan: Sequence[Labelled]
    unread: NotRequired[Sequence[str]]
    unread_more: NotRequired[int]
    kept: NotRequired[Sequence[Kept]]
    operator: str
    witness: str
    approver: str


class Excluded(TypedDict):
    """How many were excluded for one reason."""

    reason: str
    count: str


class Month(TypedDict):
    """How many were born in a month; `count` is a number, the bar's height comes from it."""

    label: str
    count: int


class HeldRow(TypedDict):
    """A row that waited for a decision: row, column and code, never the value."""

    row: int
    column: str
    code: str
    decision: str
    by: str


class HeldCode(TypedDict):
    """How many rows waited for one reason and how they were decided; "" is none, `open` those that still wait."""

    column: str
    code: str
    count: str
    exclude: str
    substitute: str
    accept: str
    corrected: str
    open: str


class ExtractReport(Document):
    """`extract_report` 抽出点検票, one page; `checkers` are two names, "" where one still signs by hand.

    The held rows stand in `held` where they fit, else by reason in `held_codes`.
    """

    condition: Sequence[Labelled]
    hits: str
    excluded: Sequence[Excluded]
    waiting: str
    exported: str
    result: str
    comparison: Sequence[Labelled]
    months: Sequence[Month]
    files: Sequence[Labelled]
    sha256: str
    font_sha256: str
    held: Sequence[HeldRow]
    held_codes: Sequence[HeldCode]
    deciders: str
    checkers: tuple[str, str]


class Returned(TypedDict):
    """An item that went out and comes back; "" in `returned` is filled in by hand."""

    item: str
    number: str
    received: str
    returned: str


class ReturnNote(Document):
    """`return_note` 返却書: the contractor's, with the items pre-filled from what it holds."""

    contractor: str
    manager: str
    returned_at: Moment | None
    bag: str
    items: Sequence[Returned]
    giver: str
    receiver: str


class ErasureReport(Document):
    """`erasure_report` 消去報告書: the contractor's, with the places pre-filled."""

    contractor: str
    manager: str
    items: Sequence[CopyErased]
    subcontracting: str
    operator: str
    witness: str


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """One invitation's imprint: the three items that may leave, the serial, and what follows from them.

    `bars` are those of the customer barcode, "" where none is made; `tray` is the number of the tray the letter is laid
    into, 0 where there are none.
    """

    serial: int
    name: str
    postal_code: str
    address: str
    bars: str = ""
    tray: int = 0

    def imprint(self, fiscal_year: int) -> dict[str, str]:
        """Return the imprint as the template takes it: the serial with seven digits, both codes in the code font."""
        return {
            "serial": f"{self.serial:07}",
            "name": self.name,
            "postal_code": self.postal_code,
            "address": self.address,
            "bars": bars_as_text(self.bars),
            "piece": piece_as_text(self.serial, fiscal_year),
        }


DUMMY = Addressee(
    serial=0,
    name="見本 太郎",
    postal_code="000-0001",
    address="東京都見本区見本町一丁目2番3号 見本ハイツ101",
    bars=customer_barcode("000-0001", "一丁目2番3号 見本ハイツ101").bars,
)


@dataclass(frozen=True, kw_only=True)
class Press:
    """Makes paper from a folder of templates, with one family out of the given fonts (files or folders).

    Raises:
        BadSetting: the family is not among the fonts.

    """

    templates: Path
    fonts: Sequence[Path]
    family: str

    def __post_init__(self) -> None:
        """Check the family now: typst would print empty boxes without a word."""
        if self.family not in self._loaded_fonts().families():
            raise BadSetting(
                _("The font family {family} is not in the given font folders.").format(family=self.family),
                _("Name a family that is there, or put its font file into the folder."),
            )

    @property
    def glyphs(self) -> GlyphTable:
        """What the family can draw."""
        return _glyphs(tuple(self.fonts), self.family)

    def make(self, document: str, data: Mapping[str, object]) -> bytes:
        """Return the PDF of one document, by the name of its template; the types above say which data it takes.

        Raises:
            BadSetting: there is no such template, it asks for the network, or it does not compile; the message names
                template and line.

        """
        return self._compile(document, data, reason_may_show=True)

    def specimen(self, words: Words, addressees: Iterable[Addressee] = (DUMMY,)) -> bytes:
        """Return letters marked 見本 across: the imprint sample, of the dummy addressee where no others are given.

        Raises:
            BadInput: the font cannot draw a character; the message names serial and code point.
            BadSetting: as `make`; where residents' data are on the page the compiler's reason is left out.

        """
        people, sheet = [replace(person, tray=0) for person in addressees], self._sheet(words)
        if people == [DUMMY]:
            return self._print("specimen", sheet, people)
        people = list(self._drawable(people))
        with _child() as pool:  # hundreds of pages: the compiler's memory goes with the child
            return pool.submit(self._print, "specimen", sheet, people).result()

    def letters(
        self,
        addressees: Iterable[Addressee],
        *,
        into: Callable[[Sequence[Addressee], bytes], None],
        words: Words,
        batch: int = 1000,
        workers: int = 1,
        again: bool = False,
    ) -> int:
        """Print letters in serial order, a PDF a batch, each handed to `into` with its addressees; return how many.

        Where addressees have a tray, a separator lies before the letters of each; it says so where they are printed
        again. So many workers are so many child processes at a time, each of one thread; they are replaced after a few
        batches, and the memory of none grows with the number of letters.

        Raises:
            BadInput: the serials do not ascend, or the font cannot draw a character; the message names the serials.
            BadSetting: a template is wrong (told before the first letter is printed), a child ended early, or batch or
                workers are below 1.

        """
        if min(batch, workers) < 1:
            raise BadSetting(_("Batch size and number of workers are at least 1."), _("Mend the setting."))
        sheet = self._sheet(words) | {"again": again}
        self._print("specimen", sheet, [DUMMY])
        printed = 0
        batches = _cut(self._drawable(_in_serial_order(addressees)), batch)
        for people, pdf in self._print_all(sheet, batches, workers, share=max(1, LETTERS_A_WORKER // batch)):
            into(people, pdf)
            printed += len(people)
        return printed

    def findings(self, addressees: Iterable[Addressee]) -> Iterator[tuple[int, CharacterFinding]]:
        """Walk over what is amiss with the characters of names and addresses, each with the serial it stands in."""
        glyphs, plain = self.glyphs, set[str]()
        for person in addressees:
            text = f"{person.name} {person.address}"
            if strange := set(text) - plain:
                plain |= set(filter(glyphs.is_plain, strange))
                if strange - plain:
                    yield from ((person.serial, finding) for finding in glyphs.judge(text))

    def _drawable(self, people: Iterable[Addressee]) -> Iterator[Addressee]:
        """Pass on whom the font can draw, and stop at the first whom it cannot."""
        for some in _cut(people, _LOOKED_AT):
            if undrawn := [it for it in self.findings(some) if it[1].code in UNDRAWN]:
                raise refusal_of(undrawn)
            yield from some

    def _print_all(
        self, sheet: Mapping[str, object], batches: Iterable[list[Addressee]], workers: int, *, share: int
    ) -> Iterator[tuple[list[Addressee], bytes]]:
        """Print the batches, each worker in turn, and no more of them ahead than there are workers twice.

        A worker is a pool of one process, so that it can be replaced after its share while the others go on.
        """
        children: dict[int, ProcessPoolExecutor] = {}
        waiting: deque[tuple[list[Addressee], Future[bytes]]] = deque()
        try:
            for number, people in enumerate(batches):
                turn, worker = divmod(number, workers)
                if turn % share == 0:
                    if worker in children:
                        children[worker].shutdown()  # its successor waits for it: so many workers are so many processes
                    children[worker] = _child()
                waiting.append((people, children[worker].submit(self._print, "letter", sheet, people)))
                if len(waiting) > 2 * workers:
                    yield _printed(*waiting.popleft())
            while waiting:
                yield _printed(*waiting.popleft())
        finally:
            for child in children.values():
                child.shutdown(cancel_futures=True)

    def _print(self, document: str, sheet: Mapping[str, Any], people: Sequence[Addressee]) -> bytes:
        data = {**sheet, "trays": _trays(people, sheet["words"]["fiscal_year"])}
        return self._compile(document, data, reason_may_show=people == [DUMMY])

    def _sheet(self, words: Words) -> dict[str, object]:
        """Return what all letters share: the form goes in as a PDF, so that it is laid out only once."""
        return {"words": words, "form": list(self.make("letter_form", {"words": words})), "again": False}

    def _compile(self, document: str, data: Mapping[str, object], *, reason_may_show: bool) -> bytes:
        template = self.templates / f"{document}.typ"
        if not template.is_file():
            raise BadSetting(
                _("There is no template {name}.").format(name=template.name),
                _("Put it back into the programme's template folder."),
            )
        self._refuse_what_is_fetched()
        try:
            return typst.compile(
                str(template),
                root=str(self.templates),
                font_paths=self._loaded_fonts(),
                sys_inputs={"family": self.family, "data": json.dumps(data, ensure_ascii=False)},
                timestamp=0,
                pdf_tags="words" not in data,
            )
        except typst.TypstError as error:
            complaint = _complaint(error, reason_may_show=reason_may_show)
        raise complaint  # outside the handler, so that the compiler's own error, which may quote data, stays behind

    def _loaded_fonts(self) -> typst.Fonts:
        folders = {str(font.parent if font.is_file() else font) for font in self.fonts}
        return _load(tuple(sorted({*folders, str(codes.FOLDER)})))

    def _refuse_what_is_fetched(self) -> None:
        """Refuse typst packages: the compiler would fetch them (law: no network)."""
        for template in sorted(self.templates.glob("*.typ")):
            for line, text in enumerate(template.read_text(encoding="utf-8").splitlines(), 1):
                if '"@' in text:
                    raise BadSetting(
                        _("The template {name}, line {line}, asks for a package from the network.").format(
                            name=template.name, line=line
                        ),
                        _("Copy what it needs into the template folder."),
                    )


def _child() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_take_one_thread)


def _take_one_thread() -> None:
    """Keep the compiler to one core: it reads this when it first compiles, and would otherwise take all there are."""
    os.environ["RAYON_NUM_THREADS"] = "1"


def _printed(people: list[Addressee], pdf: "Future[bytes]") -> tuple[list[Addressee], bytes]:
    try:
        return people, pdf.result()
    except BrokenProcessPool:
        raise BadSetting(
            _("A printing process ended before its batch was done."), _("Print again in smaller batches.")
        ) from None


@cache
def _load(folders: tuple[str, ...]) -> typst.Fonts:
    """Read the fonts of these folders once a process, and no others: neither the system's nor the compiler's own."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders))


@cache
def _glyphs(fonts: tuple[Path, ...], family: str) -> GlyphTable:
    """Find the family among font files and folders, and read what it can draw."""
    paths = (path for font in fonts for path in ([font] if font.is_file() else sorted(font.rglob("*.[ot]t[fc]"))))
    return GlyphTable.load(next(font for font in map(FontFile.read, paths) if font.family == family))


def _trays(people: Iterable[Addressee], fiscal_year: int) -> list[dict[str, object]]:
    """Return the sheets tray by tray, as the template takes them; number 0 has no separator."""
    return [
        {
            "number": number,
            "serials": compact(person.serial for person in laid),
            "count": len(laid),
            "addressees": [person.imprint(fiscal_year) for person in laid],
        }
        for number, laid in ((number, list(group)) for number, group in groupby(people, key=lambda it: it.tray))
    ]


def refusal_of(found: Iterable[tuple[int, CharacterFinding]]) -> BadInput:
    """Word what cannot be printed: which character, by its code, stands in which serials; never a name."""
    serials: dict[CharacterFinding, list[int]] = {}
    for serial, finding in found:
        serials.setdefault(finding, []).append(serial)
    lines = [
        _("{code}: {sentence} Serials: {serials}").format(
            code=finding.sequence, sentence=_(CODES[finding.code].sentence), serials=compact(named)
        )
        for finding, named in serials.items()
    ]
    return BadInput("\n".join(lines), _("Print with the font that the ward checked, or ask the ward for a decision."))


def _in_serial_order(addressees: Iterable[Addressee]) -> Iterator[Addressee]:
    last = 0
    for addressee in addressees:
        if addressee.serial <= last:
            raise BadInput(
                _("Serial {serial} comes after serial {last}.").format(serial=addressee.serial, last=last),
                _("Give the letters in ascending order of their serials, each once."),
            )
        last = addressee.serial
        yield addressee


def _cut(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut into lists of at most `size`, taking no more than that at a time."""
    walk = iter(things)
    while piece := list(islice(walk, size)):
        yield piece


def _complaint(error: typst.TypstError, *, reason_may_show: bool) -> BadSetting:
    """Turn the compiler's diagnostic into words: template and line, the reason where it cannot quote a resident."""
    place = re.search(r"┌─ (.+):(\d+):\d+", error.diagnostic)
    name, line = place.groups() if place else ("?", "?")
    reason = error.message if reason_may_show else _("not shown, because it could quote a resident's data")
    return BadSetting(
        _("The template {name} does not compile, line {line}: {reason}").format(
            name=Path(name).name, line=line, reason=reason
        ),
        _("Mend the template and look at a specimen."),
    )
