"""The invitation by reportlab, as well as it can: the form once as an XObject, every code as one path."""

import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont as OpenedFont
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from adapters.codes import FIRST_CELL, piece_as_text
from adapters.press import Addressee
from models.letter import Words

_WIDTH, _HEIGHT = 210 * mm, 297 * mm
_LEFT, _TOP = 27 * mm, _HEIGHT - 15 * mm
_ROOM = 80 * mm
_MODULE = 0.5 * mm
_LONG_AND_SHORT = {"1": (0.0, 3.6), "2": (1.2, 3.6), "3": (0.0, 2.4), "4": (1.2, 2.4)}


def truetype(font: Path, text: Iterable[str], into: Path) -> Path:
    """Return a TrueType font that reportlab can read: the file itself, or its outlines made quadratic."""
    if font.read_bytes()[:4] == b"\0\1\0\0":
        return font
    opened: Any = OpenedFont(font, fontNumber=0)
    cutter = subset.Subsetter(subset.Options(layout_features=[], notdef_outline=True))
    cutter.populate(text="".join(text))
    cutter.subset(opened)
    glyphs, outlines = opened.getGlyphSet(), {}
    for name in opened.getGlyphOrder():
        pen = TTGlyphPen(None)
        glyphs[name].draw(Cu2QuPen(pen, max_err=1.0, reverse_direction=True))
        outlines[name] = pen.glyph()
    builder = FontBuilder(opened["head"].unitsPerEm, isTTF=True)
    builder.setupGlyphOrder(opened.getGlyphOrder())
    builder.setupCharacterMap(opened.getBestCmap())
    builder.setupGlyf(outlines)
    builder.setupHorizontalMetrics({name: opened["hmtx"][name] for name in outlines})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupOS2()
    builder.setupNameTable({"familyName": "Peer", "styleName": "Regular", "psName": "Peer", "fullName": "Peer"})
    builder.setupPost()
    builder.save(into)
    return into


def letters(people: Sequence[Addressee], words: Words, font: Path) -> bytes:
    """Return the letters of these people as one PDF."""
    pdfmetrics.registerFont(TTFont("F", str(font)))
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(_WIDTH, _HEIGHT), pageCompression=1)
    canvas.beginForm("form")
    _form(canvas, words)
    canvas.endForm()
    for person in people:
        canvas.doForm("form")
        _imprint(canvas, person, words)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def form_lines(words: Words) -> tuple[str, ...]:
    """Return the form's text, line by line."""
    inserts = "、".join(f"{it['name']}　{it['count']}" for it in words["inserts"])
    return (
        f"「{words['ceremony']}」の御案内",
        "謹啓　晩秋の候、皆様におかれましては、ますます御健勝のこととお喜び申し上げます。",
        "　このたび二十歳の節目を迎えられますことを、心からお祝い申し上げます。",
        f"　{words['municipality']}では、皆様の門出をお祝いするため、下記のとおり開催いたします。",
        "御多用のことと存じますが、ぜひ御出席くださいますよう御案内申し上げます。", "謹白", "記",
        f"日　　時　{words['ceremony_on']['wareki']}　{words['ceremony_at']}", f"会　　場　{words['place']}",
        f"同封書類　{inserts}", "以上", f"お問い合わせ　{words['contact']}", words["date"]["wareki"], words["sender"],
    )  # fmt: skip


def _form(canvas: Canvas, words: Words) -> None:
    canvas.setFont("F", 11)
    for number, line in enumerate(form_lines(words)):
        canvas.drawString(25 * mm, _HEIGHT - 115 * mm - number * 8 * mm, line)


def _imprint(canvas: Canvas, person: Addressee, words: Words) -> None:
    canvas.setFont("F", 10.5)
    canvas.drawString(_LEFT, _TOP - 7 * mm, f"〒{person.postal_code}")
    canvas.setFont("F", 7)
    canvas.drawRightString(_LEFT + _ROOM - 9 * mm, _TOP - 7 * mm, f"No. {person.serial:07}")
    below = _lines(canvas, broken(person.address, 10.5, _ROOM, _width), 10.5, _TOP - 12 * mm)
    below = _lines(canvas, broken(f"{person.name} 様", 14, _ROOM, _width), 14, below - 2 * mm)
    _piece(canvas, piece_as_text(person.serial, words["fiscal_year"]))
    _bars(canvas, person.bars, below - 2.4 * mm)


def _lines(canvas: Canvas, lines: Iterable[str], size: float, top: float) -> float:
    canvas.setFont("F", size)
    for line in lines:
        canvas.drawString(_LEFT, top, line)
        top -= 1.25 * size
    return top


def _width(text: str, size: float) -> float:
    return pdfmetrics.stringWidth(text, "F", size)


def broken(text: str, size: float, room: float, width: Callable[[str, float], float]) -> list[str]:
    """Break at spaces, and inside a word only where it is wider than the room."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width(longer, size) <= room:
            line = longer
            continue
        lines += [line] if line else []
        line = word
        while width(line, size) > room:
            fits = next(n for n in range(len(line), 0, -1) if width(line[:n], size) <= room)
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line]


def _piece(canvas: Canvas, cells: str) -> None:
    path = canvas.beginPath()
    left, top = _LEFT + _ROOM - 14 * _MODULE, _TOP
    for row, line in enumerate(cells.split("\n")):
        for column, sign in enumerate(line):
            bits = ord(sign) - FIRST_CELL
            for corner in range(4):
                if bits >> corner & 1:
                    x = left + (2 * column + corner % 2) * _MODULE
                    path.rect(x, top - (2 * row + corner // 2 + 1) * _MODULE, _MODULE, _MODULE)
    canvas.drawPath(path, stroke=0, fill=1)


def _bars(canvas: Canvas, bars: str, top: float) -> None:
    path = canvas.beginPath()
    for number, kind in enumerate(bars):
        low, high = _LONG_AND_SHORT[kind]
        path.rect(_LEFT + number * 1.2 * mm, top - (3.6 - low) * mm, 0.6 * mm, (high - low) * mm)
    canvas.drawPath(path, stroke=0, fill=1)
