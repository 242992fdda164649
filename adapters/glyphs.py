"""Pictures of characters: the outline that the font prints, for whoever decides on a held row by looking at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from fontTools.pens.svgPathPen import SVGPathPen  # pyright: ignore[reportMissingTypeStubs] - it has none
from fontTools.ttLib import TTFont  # pyright: ignore[reportMissingTypeStubs] - it has none

from adapters.fonts import FontFile
from models.extract import characters

_VARIATIONS = 14  # format of the cmap subtable that holds them


@dataclass(frozen=True, kw_only=True)
class Outline:
    """How a font draws a character: the path of an SVG, y upwards from the line, and the box around it in units."""

    path: str = field(repr=False)
    width: int
    ascent: int
    descent: int


@lru_cache(maxsize=8)  # a page asks for the same ones until the last row is decided; an opened font is not kept
def outlines(font: FontFile, sequences: frozenset[str]) -> Mapping[str, Outline]:
    """Return how a font prints characters, by their code points; one for which it has nothing to print is not there.

    A variation that it does not have is printed, and drawn, as the common shape.
    """
    with TTFont(font.path, fontNumber=0, lazy=True) as opened:
        named = {points: _glyph(opened["cmap"], *map(ord, characters(points))) for points in sequences}
        return {points: _drawn(opened, name) for points, name in named.items() if name}


def _glyph(tables: Any, base: int, selector: int = 0, *_more: int) -> str:
    """Return the glyph of a variation, or of the character alone where the variation has none of its own."""
    variations: list[Mapping[int, list[tuple[int, str]]]] = [
        table.uvsDict for table in tables.tables if table.format == _VARIATIONS
    ]
    own = [glyph for known in variations for point, glyph in known.get(selector, ()) if point == base and glyph]
    return own[0] if own else str(tables.getBestCmap().get(base, ""))


def _drawn(opened: Any, name: str) -> Outline:
    glyphs, line = opened.getGlyphSet(), opened["hhea"]
    pen = SVGPathPen(glyphs, ntos=lambda number: str(round(number)))
    glyphs[name].draw(pen)
    return Outline(path=pen.getCommands(), width=round(glyphs[name].width), ascent=line.ascent, descent=-line.descent)
