"""Draws the font of the codes, deploy/fonts/codes.ttf; with `--check` it says whether the font is another.

Set at 3.6 mm the four bars have the official dimensions of 10 points (manual, p13): long 3.6 mm, timing 1.2, pitch 1.2,
bar and space 0.6; the semi-long ones reach from one end to the far end of the timing part. The sixteen cells are two by
two modules of a DataMatrix each, one em wide and high.
"""

import io
import sys
from typing import Any

from fontTools.fontBuilder import FontBuilder  # pyright: ignore[reportMissingTypeStubs] - it has none
from fontTools.pens.ttGlyphPen import TTGlyphPen  # pyright: ignore[reportMissingTypeStubs] - it has none

from adapters.codes import FAMILY, FIRST_BAR, FIRST_CELL
from deploy.making.files import HOUSE, made

FONT = HOUSE / "deploy" / "fonts" / "codes.ttf"
EM = 3600  # a micrometre at 3.6 mm
_PITCH, _BAR = 1200, 600
_HEIGHTS = {1: (0, 3600), 2: (1200, 3600), 3: (0, 2400), 4: (1200, 2400)}
# Neighbouring modules overlap a little: renderers leave a light seam between parts that only touch.
_MODULE, _OVERLAP = EM // 2, 12
_CORNERS = ((0, 1), (1, 1), (0, 0), (1, 0))  # of the bits 1, 2, 4, 8: columns from the left, rows from below


def font() -> bytes:
    """Return the font file; the same bytes each time."""
    glyphs = {".notdef": TTGlyphPen(None).glyph(), **_bars(), **_cells()}
    advances = {name: _PITCH if name.startswith("bar") else EM for name in glyphs}
    builder: Any = FontBuilder(EM, isTTF=True)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap(
        {FIRST_BAR + kind: f"bar{kind}" for kind in _HEIGHTS} | {FIRST_CELL + bits: f"cell{bits}" for bits in range(16)}
    )
    builder.setupGlyf(glyphs)
    glyf = builder.font["glyf"]
    builder.setupHorizontalMetrics({name: (advances[name], getattr(glyf[name], "xMin", 0)) for name in glyphs})
    builder.setupHorizontalHeader(ascent=EM, descent=0)
    builder.setupOS2(sTypoAscender=EM, sTypoDescender=0, usWinAscent=EM, usWinDescent=0, sCapHeight=EM)
    # typst sees no font whose name table is not complete.
    builder.setupNameTable(
        {"familyName": FAMILY, "styleName": "Regular", "uniqueFontIdentifier": f"{FAMILY} 1", "fullName": FAMILY,
         "psName": FAMILY.replace(" ", ""), "version": "Version 1.000"}
    )  # fmt: skip
    builder.setupPost()
    builder.updateHead(created=0, modified=0)
    builder.font.recalcTimestamp = False
    file = io.BytesIO()
    builder.save(file)
    return file.getvalue()


def main(arguments: list[str]) -> str | None:
    """Write the font, or with --check return what is amiss: the exit status is then 1."""
    return made(FONT, font(), arguments)


def _bars() -> dict[str, Any]:
    return {f"bar{kind}": _glyph((0, low, _BAR, high)) for kind, (low, high) in _HEIGHTS.items()}


def _cells() -> dict[str, Any]:
    return {
        f"cell{bits}": _glyph(*(_module(*corner) for n, corner in enumerate(_CORNERS) if bits >> n & 1))
        for bits in range(16)
    }


def _module(column: int, row: int) -> tuple[int, int, int, int]:
    left, low = column * _MODULE, row * _MODULE
    return left - _OVERLAP, low - _OVERLAP, left + _MODULE + _OVERLAP, low + _MODULE + _OVERLAP


def _glyph(*rectangles: tuple[int, int, int, int]) -> Any:
    pen = TTGlyphPen(None)
    for left, low, right, high in rectangles:
        pen.moveTo((left, low))
        for corner in ((left, high), (right, high), (right, low)):
            pen.lineTo(corner)
        pen.closePath()
    return pen.glyph()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
