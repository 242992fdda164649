"""A process of its own that reads a picture or PDF from standard input and writes the texts of its QR codes as JSON.

Alone it imports nothing of the project but its bounds.
"""

import json
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pypdfium2  # pyright: ignore[reportMissingTypeStubs] - it ships none
import zxingcpp
from PIL import Image

from adapters.bounded import TOO_LARGE, bind

_SECONDS = 30  # of the processor
_PIXELS = 60_000_000  # of a picture: a telephone's camera has 50 million
_PAGES, _SCALE, _LONGEST = 20, 200 / 72, 4_000  # a PDF's pages that are looked at, at 200 dpi; pixels of a side
NO_PICTURE = 3  # exit status
_ZXING: Any = zxingcpp  # its types are not known


def main() -> int:
    """Read the codes, each text once, in the order in which they are found."""
    bind(_SECONDS)
    Image.MAX_IMAGE_PIXELS = _PIXELS // 2  # beyond twice as many it is refused before it is taken apart
    content = sys.stdin.buffer.read()
    try:
        found = [text for picture in _pictures(content) for text in _texts(picture)]
    except (MemoryError, Image.DecompressionBombError):
        return TOO_LARGE
    except (OSError, ValueError, SyntaxError, pypdfium2.PdfiumError):  # Pillow raises each of the three
        return NO_PICTURE
    json.dump(list(dict.fromkeys(found)), sys.stdout)
    return 0


def _pictures(content: bytes) -> Iterator[Image.Image]:
    if not content.startswith(b"%PDF-"):
        yield Image.open(BytesIO(content), formats=("PNG", "JPEG")).convert("L")
        return
    with pypdfium2.PdfDocument(content) as document:
        for number in range(min(len(document), _PAGES)):
            page: Any = document[number]
            scale = min(_SCALE, _LONGEST / max(page.get_size()))
            yield page.render(scale=scale, grayscale=True).to_pil()


def _texts(picture: Image.Image) -> list[str]:
    found = _ZXING.read_barcodes(picture, _ZXING.BarcodeFormat.QRCode, text_mode=_ZXING.TextMode.Plain)
    return [code.text for code in found]


if __name__ == "__main__":
    sys.exit(main())
