"""The press: all paper, set by typst from the programme's templates, as PDF.

A template is a clerk's file; the data come as JSON through typst's inputs, never as a file, an argument or a log line.
Only the given fonts are used and nothing is fetched. The same data give the same bytes: no date is written into a PDF.
What each document expects is a type beside the paper that builds it.
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
from typing import Any, TypeVar

import typst

from adapters import codes
from adapters.barcode import customer_barcode
from adapters.codes import bars_as_text, piece_as_text
from adapters.fonts import CharacterFinding, FontFile, GlyphTable
from models.errors import BadInput, BadSetting
from models.extract import CODES
from models.letter import Words
from models.serials import compact
from models.words import _

T = TypeVar("T")

# typst keeps memory from one compile to the next, 70 MiB for 1,000 letters: a worker is replaced after this many.
LETTERS_A_WORKER = 3000
_LOOKED_AT = 1000  # letters whose characters are looked at together, so that a refusal names more than one
# Findings of characters that would come out as a box, or silently in another shape.
UNDRAWN = frozenset({"no_glyph", "no_ivs"})


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
        """Return the PDF of one document, by the name of its template; a type beside its builder says the data.

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
            if undrawn := [pair for pair in self.findings(some) if pair[1].code in UNDRAWN]:
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
        for number, laid in ((number, list(group)) for number, group in groupby(people, key=lambda person: person.tray))
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
