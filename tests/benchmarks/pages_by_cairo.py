"""The invitation by pycairo with HarfBuzz, as well as they can: shaped text that can be copied, the form laid out once.

Neither is a library of ours, and pycairo wants libcairo. Run as a program, with the addressees, the words and the font
as JSON on standard input: Fontconfig, by which Cairo finds a font, reads its settings only once a process.
"""

import io
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cairo
import uharfbuzz
from pages_by_reportlab import broken, form_lines

from adapters.codes import FAMILY, FIRST_BAR, FIRST_CELL, bars_as_text, piece_as_text
from adapters.press import Addressee
from models.letter import Words

_MM = 72 / 25.4
_WIDTH, _HEIGHT = 210 * _MM, 297 * _MM
_LEFT, _TOP, _ROOM = 27 * _MM, 15 * _MM, 80 * _MM
_DOWN_AND_HEIGHT = {1: (0.0, 3.6), 2: (0.0, 2.4), 3: (1.2, 2.4), 4: (1.2, 1.2)}
_SETTINGS = "<?xml version='1.0'?><fontconfig>{folders}<cachedir>{cache}</cachedir></fontconfig>"


class Pen:
    """Writes with one font: HarfBuzz shapes a line, Cairo draws its glyphs and keeps the text that they stand for."""

    def __init__(self, surface: Any, file: Path, family: str) -> None:
        self.context = cairo.Context(surface)
        self.context.select_font_face(family)
        face = uharfbuzz.Face(file.read_bytes())
        self._font, self._units = uharfbuzz.Font(face), face.upem

    def write(self, text: str, size: float, left: float, base: float) -> None:
        """Draw a line."""
        shaped, scale = self._shaped(text), size / self._units
        glyphs, starts = [], [it.cluster for it in shaped.glyph_infos]
        for info, place in zip(shaped.glyph_infos, shaped.glyph_positions, strict=True):
            glyphs.append(cairo.Glyph(info.codepoint, left + place.x_offset * scale, base - place.y_offset * scale))
            left += place.x_advance * scale
        first = sorted(set(starts))
        clusters = [
            cairo.TextCluster(len(text[start:end].encode()), starts.count(start))
            for start, end in zip(first, [*first[1:], len(text)], strict=True)
        ]
        self.context.set_font_size(size)
        self.context.show_text_glyphs(text, glyphs, clusters, cairo.TextClusterFlags(0))

    def width(self, text: str, size: float) -> float:
        """Return how wide a line is, in points."""
        return sum(place.x_advance for place in self._shaped(text).glyph_positions) * size / self._units

    def _shaped(self, text: str) -> Any:
        buffer = uharfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        uharfbuzz.shape(self._font, buffer)
        return buffer


class Signs:
    """Draws the signs of the code font: as rectangles, or as glyphs where it is lent our font."""

    def __init__(self, surface: Any, file: Path | None) -> None:
        self._context = cairo.Context(surface)
        self._glyphs: dict[int, int] = {}
        if file:
            self._context.select_font_face(FAMILY)
            font = uharfbuzz.Font(uharfbuzz.Face(file.read_bytes()))
            self._glyphs = {sign: font.get_nominal_glyph(sign) for sign in range(FIRST_BAR, FIRST_CELL + 16)}

    def draw(self, lines: Iterable[str], size: float, left: float, top: float, *, advance: float) -> None:
        """Draw lines of signs, the first one's upper edge at `top`."""
        signs = [
            (ord(sign), left + column * advance, top + row * size)
            for row, line in enumerate(lines)
            for column, sign in enumerate(line)
        ]
        if self._glyphs:
            self._context.set_font_size(size)
            self._context.show_glyphs([cairo.Glyph(self._glyphs[sign], x, y + size) for sign, x, y in signs])
            return
        for sign, x, y in signs:
            self._cell(sign - FIRST_CELL, size / 2, x, y) if sign >= FIRST_CELL else self._bar(sign - FIRST_BAR, x, y)
        self._context.fill()

    def _cell(self, bits: int, module: float, x: float, y: float) -> None:
        for corner in range(4):
            if bits >> corner & 1:
                self._context.rectangle(x + corner % 2 * module, y + corner // 2 * module, module, module)

    def _bar(self, kind: int, x: float, y: float) -> None:
        down, height = _DOWN_AND_HEIGHT[kind]
        self._context.rectangle(x, y + down * _MM, 0.6 * _MM, height * _MM)


def letters(people: Iterable[Addressee], words: Words, fonts: dict[str, Path], family: str) -> bytes:
    """Return the letters of these people as one PDF."""
    file = io.BytesIO()
    surface = cairo.PDFSurface(file, _WIDTH, _HEIGHT)
    form = cairo.RecordingSurface(cairo.CONTENT_COLOR_ALPHA, (0, 0, _WIDTH, _HEIGHT))
    form.set_mime_data("application/x-cairo.uuid", b"form")
    writer = Pen(form, fonts["text"], family)
    for number, line in enumerate(form_lines(words)):
        writer.write(line, 11, 25 * _MM, (115 + number * 8) * _MM)
    pen, signs = Pen(surface, fonts["text"], family), Signs(surface, fonts.get("codes"))
    for person in people:
        pen.context.set_source_surface(form)
        pen.context.paint()
        pen.context.set_source_rgb(0, 0, 0)
        _imprint(pen, signs, person, words)
        surface.show_page()
    surface.finish()
    return file.getvalue()


def _imprint(pen: Pen, signs: Signs, person: Addressee, words: Words) -> None:
    serial = f"No. {person.serial:07}"
    pen.write(f"〒{person.postal_code}", 10.5, _LEFT, _TOP + 7 * _MM)
    pen.write(serial, 7, _LEFT + _ROOM - 9 * _MM - pen.width(serial, 7), _TOP + 7 * _MM)
    below = _lines(pen, person.address, 10.5, _TOP + 12 * _MM)
    below = _lines(pen, f"{person.name} 様", 14, below + 2 * _MM)
    cells = piece_as_text(person.serial, words["fiscal_year"]).split("\n")
    signs.draw(cells, _MM, _LEFT + _ROOM - 7 * _MM, _TOP, advance=_MM)
    signs.draw([bars_as_text(person.bars)], 3.6 * _MM, _LEFT, below + 2.4 * _MM, advance=1.2 * _MM)


def _lines(pen: Pen, text: str, size: float, top: float) -> float:
    for line in broken(text, size, _ROOM, pen.width):
        pen.write(line, size, _LEFT, top)
        top += 1.25 * size
    return top


def main() -> None:
    """Print the told letters a few times, the last of them into the told file, and say how many seconds each took."""
    told: Any = json.load(sys.stdin)
    fonts = {name: Path(file) for name, file in told["fonts"].items()}
    people = [Addressee(**person) for person in told["people"]]
    with TemporaryDirectory() as cache:
        settings = Path(cache, "fonts.conf")
        folders = "".join(f"<dir>{file.parent}</dir>" for file in fonts.values())
        settings.write_text(_SETTINGS.format(folders=folders, cache=cache), encoding="utf-8")
        os.environ["FONTCONFIG_FILE"] = str(settings)
        seconds: list[float] = []
        for _round in range(told["rounds"]):
            began = time.perf_counter()
            pdf = letters(people, told["words"], fonts, told["family"])
            seconds.append(time.perf_counter() - began)
            Path(told["into"]).write_bytes(pdf)
    json.dump(seconds, sys.stdout)


if __name__ == "__main__":
    main()
