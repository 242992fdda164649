"""Codes on paper: bars and piece codes as text, and as a QR what a person would mistype.

The customer barcode's bars and a piece code's modules are glyphs of one small font: text is quick to set, small in the
PDF and sharp at any resolution; rectangles are none of these. The font stands in deploy/fonts and is drawn by
`python -m deploy.making.code_font`. Its signs lie in plane 16, where neither registers nor text fonts keep characters
of their own, and names are never set in it: a private use character of a name stays one.
"""

from importlib.resources import files
from pathlib import Path
from typing import Any

import zxingcpp

from adapters import bounded
from models.errors import BadInput
from models.serials import piece_code
from models.words import _

FOLDER = Path(str(files("deploy") / "fonts"))
FAMILY = "Tsudoi Codes"
FIRST_BAR, FIRST_CELL = 0x10F000, 0x10F010
_BARS = str.maketrans({str(kind): chr(FIRST_BAR + kind) for kind in range(1, 5)})
_CELLS = {bits: chr(FIRST_CELL + bits) for bits in range(16)}
_DARK = 0
_ZXING: Any = zxingcpp  # its types are not known
_READER = "adapters.code_reader"  # which imports what this need not wait for


def bars_as_text(bars: str) -> str:
    """Return the bars of a customer barcode, digits from 1 to 4, in the font's signs."""
    return bars.translate(_BARS)


def piece_as_text(serial: int, fiscal_year: int) -> str:
    """Return the piece code of a serial as seven lines of seven signs, each two by two modules of its DataMatrix.

    What is encoded (ISO/IEC 16022, ECC 200) is the fiscal year, the serial and its check characters: 11 signs, 14 by 14
    modules.
    """
    content = piece_code(serial, fiscal_year).replace("-", "")
    image = _ZXING.create_barcode(content, _ZXING.BarcodeFormat.DataMatrix).to_image(add_quiet_zones=False)
    height, width = image.shape
    dark = [pixel == _DARK for pixel in memoryview(image).tobytes()]
    return "\n".join(
        "".join(
            _CELLS[dark[at] + 2 * dark[at + 1] + 4 * dark[at + width] + 8 * dark[at + width + 1]]
            for at in range(row * width, row * width + width, 2)
        )
        for row in range(0, height, 2)
    )


def qr(text: str) -> str:
    """Return a QR code of the text (UTF-8) as an SVG picture, with its quiet zone; error correction level M."""
    return _ZXING.write_barcode_to_svg(_ZXING.create_barcode(text, _ZXING.BarcodeFormat.QRCode, ec_level="M"))


def read_qr(picture: bytes) -> list[str]:
    """Return the texts of the QR codes on a photo or scan: PNG, JPEG or PDF. Nothing of it is kept anywhere.

    Raises:
        BadInput: it is no such file, too large to be taken apart, or shows no such code.

    """
    try:
        status, found = bounded.read(_READER, picture)
    except bounded.BeyondBoundsError:
        raise BadInput(
            _("The picture is larger than can be taken apart here."), _("Send a smaller one, of the square code alone.")
        ) from None
    if status:
        raise BadInput(_("This is no picture that can be read."), _("Send a photo or scan as PNG, JPEG or PDF."))
    if not found:
        raise BadInput(
            _("No code was found on the picture."),
            _("Photograph the square code of the slip from near by, sharp and in good light; or type its three lines."),
        )
    return found
