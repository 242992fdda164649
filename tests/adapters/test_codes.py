"""The codes' font: the file in the house is the one that is drawn, and its signs say what they stand for."""

import io

import pytest
import zxingcpp
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from piece_codes import by_definition
from PIL import Image

from adapters.codes import FIRST_CELL, bars_as_text, piece_as_text
from deploy.making.code_font import FONT, font

MODULE = 4  # pixels


def drawn(cells: str) -> Image.Image:
    """Draw lines of cells as the font does, two by two modules each, on white."""
    lines = cells.split("\n")
    image = Image.new("L", (2 * len(lines[0]) + 4, 2 * len(lines) + 4), 255)
    for row, line in enumerate(lines):
        for column, sign in enumerate(line):
            bits = ord(sign) - FIRST_CELL
            for corner in range(4):
                if bits >> corner & 1:
                    image.putpixel((2 + 2 * column + corner % 2, 2 + 2 * row + corner // 2), 0)
    return image.resize((image.width * MODULE, image.height * MODULE), Image.Resampling.NEAREST)


def test_the_font_in_the_house_is_the_one_that_is_drawn() -> None:
    """deploy/fonts/codes.ttf has the very bytes that `python -m deploy.making.code_font` writes."""
    assert FONT.read_bytes() == font()


def test_the_signs_lie_where_no_name_has_characters() -> None:
    """Twenty signs of plane 16 and nothing else are in the font: no character of a name can be drawn with it."""
    characters = TTFont(io.BytesIO(font())).getBestCmap()
    assert len(characters) == 20
    assert min(characters) >= 0x10F000


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 9_999_999), st.integers(2020, 2099))
def test_a_piece_code_is_read_back_as_its_year_and_serial(serial: int, fiscal_year: int) -> None:
    """zxing-cpp reads from the cells what was put into them, and the check characters hold."""
    [found] = zxingcpp.read_barcodes(drawn(piece_as_text(serial, fiscal_year)))
    assert found.format == zxingcpp.BarcodeFormat.DataMatrix
    assert by_definition(found.text) == (serial, fiscal_year)


@pytest.mark.parametrize("serial", [1, 1234, 9_999_999])
def test_every_piece_code_has_one_size(serial: int) -> None:
    """Seven lines of seven signs, so that the template may rely on its room."""
    assert [len(line) for line in piece_as_text(serial, 2026).split("\n")] == [7] * 7


def test_bars_become_one_sign_each() -> None:
    """Four kinds of bars are four signs, in order."""
    signs = bars_as_text("1234")
    assert [ord(sign) - ord(signs[0]) for sign in signs] == [0, 1, 2, 3]
