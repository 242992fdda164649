"""Fonts: which one prints the letters, and what it does with every character of a name.

A variation sequence that the font does not have is the dangerous case: no box is drawn, the common shape is printed
silently. The Moji_Joho and Adobe-Japan1 collections share no sequence, so a name with a selector of the one prints
wrongly in a font of the other.
"""

import hashlib
import math
import os
import re
import struct
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import groupby, pairwise, repeat
from pathlib import Path
from typing import Any, NamedTuple, Self

from fontTools.ttLib import TTFont, TTLibError  # pyright: ignore[reportMissingTypeStubs] - it has none
from noto_cjk_sans_jp_regular import FONT_PATH  # pyright: ignore[reportMissingTypeStubs] - it has none

from models.errors import BadInput
from models.extract import code_points
from models.words import _

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
_MM_PER_POINT = 25.4 / 72
# fsType of the OS/2 table: 0x0002 forbids embedding, 0x0200 allows bitmaps only (OpenType specification, OS/2).
_NOT_EMBEDDABLE = 0x0202
_NOTDEF = 0
_VARIATIONS = 14  # format of the cmap subtable that holds them
_FAMILY, _LICENCE, _TYPOGRAPHIC_FAMILY = 1, 13, 16

NARROW_EM = 0.75
SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
# What systems write where a character was lost: geta mark, white square, question marks, low lines, asterisks.
SUSPECT = frozenset("〓□？?＿_＊*\ufffd")
_SUSPECT_KINDS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_NOT_PLAIN = _SUSPECT_KINDS | {"Co", "Cn", "Mn", "Mc", "Me"}
_LAST_PLAIN = "\uffff"
_SELECTOR = re.compile(f"[{SELECTORS}]")
_SEQUENCE = re.compile(rf"[^{SELECTORS}][{SELECTORS}]?|[{SELECTORS}]", re.DOTALL)
# Where a line may break: at spaces and around every East Asian character, but not before what never begins a line.
_NEVER_FIRST = "、。，．・：；？！」』】）〕〉》〟々ーゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
_PIECE = re.compile(rf" |[^ \u2e80-\U0010ffff]+|.[{SELECTORS}{_NEVER_FIRST}]*", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class FontFile:
    """A font by its file: `sha256` is what a contractor declares, `family` what the press asks for."""

    path: Path
    sha256: str
    family: str
    licence: str
    embeddable: bool

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read who the font is.

        Raises:
            BadInput: there is no font file at the path.

        """
        try:
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            with TTFont(path, fontNumber=0, lazy=True) as font:
                names: Any = font["name"]
                rights: Any = font["OS/2"]
                family = names.getDebugName(_TYPOGRAPHIC_FAMILY) or names.getDebugName(_FAMILY)
                licence = names.getDebugName(_LICENCE)
                embeddable = not rights.fsType & _NOT_EMBEDDABLE
        except (OSError, TTLibError, KeyError):
            raise _no_font() from None
        return cls(path=path, sha256=sha256, family=family or "", licence=licence or "", embeddable=embeddable)


class CharacterFinding(NamedTuple):
    """What is wrong with a character: the code, and the sequence as code points."""

    code: str
    sequence: str


@dataclass(frozen=True, kw_only=True)
class GlyphTable:
    """What a font can print: the advance width, in em, of every character it has, and its variation sequences."""

    font: FontFile
    advances: Mapping[str, float] = field(repr=False)
    sequences: frozenset[str] = field(repr=False)

    @classmethod
    def load(cls, font: FontFile) -> "GlyphTable":
        """Return the table of a font; a process reads each font once.

        Raises:
            BadInput: the font may not be embedded, has no table of characters, or its file is gone.

        """
        if not font.embeddable:
            raise BadInput(
                _("The licence of the font {family} forbids embedding it in a PDF.").format(family=font.family),
                _("Name another font, such as IPAmj Mincho."),
            )
        return _load(font)

    def judge(self, text: str) -> list[CharacterFinding]:
        """Return everything that would not be printed as it is meant, in the order of the text; nothing is well.

        Codes: no_glyph (a box, or nothing), no_ivs (the variation is ignored silently), private_use, suspect.
        """
        sequences = _SEQUENCE.findall(text)
        return [
            CharacterFinding(code, code_points(sequence))
            for before, sequence in pairwise(("", *sequences))
            for code in self._codes(sequence, before=before)
        ]

    @cached_property
    def plain(self) -> str:
        """The characters below U+10000 that are well wherever they stand, as the inside of a character class."""
        return _class_of(self._plain)

    @cached_property
    def _plain(self) -> frozenset[str]:
        return frozenset(
            character for character in self.advances if character <= _LAST_PLAIN and self.is_plain(character)
        )

    @cached_property
    def narrow(self) -> str:
        """The characters that are at most NARROW_EM wide, as the inside of a character class."""
        return _class_of(character for character, width in self.advances.items() if width <= NARROW_EM)

    def ems(self, texts: Iterable[str]) -> list[float]:
        """Return the width of each text on one line, in em; a variation is as wide as its base."""
        known, narrow = self.advances.get, self._of_ascii.__getitem__
        return [
            sum(map(narrow, text.encode())) if text.isascii() else sum(map(known, _SELECTOR.sub("", text), repeat(1.0)))
            for text in texts
        ]

    @cached_property
    def _of_ascii(self) -> list[float]:
        """The widths of ASCII by number: a list is quicker than a dictionary, and long names are Latin."""
        return [self.advances.get(chr(number), 1.0) for number in range(128)]

    def is_plain(self, character: str) -> bool:
        """Tell whether a single character is printed as it is meant wherever it stands."""
        return (
            character in self.advances
            and character not in SUSPECT
            and unicodedata.category(character) not in _NOT_PLAIN
        )

    def width_mm(self, text: str, size_pt: float) -> float:
        """Return how wide the text is on one line, in millimetres; a missing glyph counts as a full one."""
        return self.ems([text])[0] * size_pt * _MM_PER_POINT

    def lines(self, text: str, *, size_pt: float, width_mm: float, tail_em: float = 0.0) -> int:
        """Return how many lines the text takes in a box of that width, with `tail_em` bound to its last word."""
        room = width_mm / (size_pt * _MM_PER_POINT)
        if self.ems([text])[0] + tail_em <= room:
            return 1
        pieces = _PIECE.findall(text)
        widths = self.ems(pieces)
        widths[-1] += tail_em
        lines, used = 1, 0.0
        for piece, width in zip(pieces, widths, strict=True):
            if piece == " ":
                used += width if used else 0.0
                continue
            if used and used + width > room:
                lines, used = lines + 1, 0.0
            broken = max(0, math.ceil((width - room) / room))  # a word that is wider than a whole line
            lines, used = lines + broken, used + width - broken * room
        return lines

    def _codes(self, sequence: str, *, before: str) -> list[str]:
        if sequence in self._plain:
            return []
        base = sequence[0]
        kind = unicodedata.category(base)
        if before and kind.startswith("M") and unicodedata.normalize("NFC", before + sequence) in self.advances:
            return []  # the mark belongs: together they are one character of the font
        codes: list[str] = []
        if kind == "Co":
            codes.append("private_use")
        elif base in SUSPECT or kind in _SUSPECT_KINDS or kind.startswith("M"):
            codes.append("suspect")
        if base not in self.advances:
            # A character that this Python does not know yet is well where the font has it.
            codes += ["suspect", "no_glyph"] if kind == "Cn" else ["no_glyph"]
        elif len(sequence) > 1 and sequence not in self.sequences:
            codes.append("no_ivs")
        return codes


def default_font() -> FontFile:
    """Return IPAmj Mincho where it is installed, else the Noto Sans CJK JP that comes with the product.

    IPAmj Mincho (IPA Font License 1.0) knows the variation sequences of the residents' registers.
    """
    data = os.environ.get("XDG_DATA_HOME")
    folders = [Path(folder).expanduser() for folder in (*_FOLDERS, *([f"{data}/fonts"] if data else []))]
    installed = (path for folder in folders for path in sorted(folder.rglob("ipamjm*.tt[fc]")))
    path = next(installed, Path(str(FONT_PATH)))
    return _read_once(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read_once(path: Path, _written: int) -> FontFile:
    """Read a font once as long as its file is the same: its fingerprint is over all of it."""
    return FontFile.read(path)


@lru_cache(maxsize=4)
def _load(font: FontFile) -> GlyphTable:
    try:
        with TTFont(font.path, fontNumber=0, lazy=True) as file:
            opened: Any = file
            # Glyphs by number: reading their names takes as long as everything else together.
            opened.setGlyphOrder(range(opened["maxp"].numGlyphs))
            return GlyphTable(font=font, advances=_advances(opened), sequences=_sequences(opened))
    except (OSError, TTLibError, KeyError):
        raise _no_font() from None


def _advances(font: Any) -> dict[str, float]:
    """Return the advance in em of every character; the glyphs after the last width have that one (OpenType, hmtx)."""
    per_em, widths = font["head"].unitsPerEm, font["hhea"].numberOfHMetrics
    metrics = struct.unpack_from(f">{2 * widths}H", font.getTableData("hmtx"))[::2]
    return {chr(point): metrics[min(glyph, widths - 1)] / per_em for point, glyph in _glyphs(font).items()}


def _sequences(font: Any) -> frozenset[str]:
    """Return every variation sequence that the font draws; no glyph of its own: the common shape is the variation."""
    glyphs = _glyphs(font)
    return frozenset(
        chr(base) + chr(selector)
        for table in font["cmap"].tables
        if table.format == _VARIATIONS
        for selector, bases in table.uvsDict.items()
        for base, glyph in bases
        if glyph or base in glyphs
    )


def _glyphs(font: Any) -> dict[int, int]:
    glyphs: dict[int, int] = font.getBestCmap() or {}
    return {point: glyph for point, glyph in glyphs.items() if glyph != _NOTDEF}


def _class_of(characters: Iterable[str]) -> str:
    """Write characters as the runs of a character class."""
    points = enumerate(sorted(map(ord, characters)))
    runs = ([point for _nth, point in run] for _start, run in groupby(points, key=lambda point: point[1] - point[0]))
    return "".join(rf"\x{{{run[0]:x}}}-\x{{{run[-1]:x}}}" for run in runs)


def _no_font() -> BadInput:
    return BadInput(_("The font file cannot be read."), _("Name a TrueType or OpenType file."))
