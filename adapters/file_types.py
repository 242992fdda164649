"""Whether a file is what its name says: the type by its content, and that it opens."""

import zipfile
from io import BytesIO
from pathlib import PurePath

import pypdfium2  # pyright: ignore[reportMissingTypeStubs] - it ships none
from pypdfium2.raw import FPDF_ERR_PASSWORD  # pyright: ignore[reportMissingTypeStubs] - it ships none

# How a file begins whose name ends like this; a name that promises nothing is taken as it is.
_BEGINNINGS = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff"}
# What a container must hold to be what its name says.
_MEMBERS = {".zip": (), ".xlsx": ("xl/workbook.xml",), ".docx": ("word/document.xml",)}


def is_what_its_name_says(name: str, content: bytes) -> bool:
    """Tell whether the content is of the type that the ending of the name promises, and can be opened as such."""
    kind = PurePath(name).suffix.lower()
    if kind == ".pdf":
        return _opens_as_pdf(content)
    if kind in _MEMBERS:
        return _opens_as_zip(content, holding=_MEMBERS[kind])
    return content.startswith(_BEGINNINGS.get(kind, b""))


def _opens_as_pdf(content: bytes) -> bool:
    try:
        pypdfium2.PdfDocument(content).close()
    except pypdfium2.PdfiumError as error:
        return getattr(error, "err_code", None) == FPDF_ERR_PASSWORD  # whoever files it has the password
    return True


def _opens_as_zip(content: bytes, *, holding: tuple[str, ...]) -> bool:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return set(holding) <= set(archive.namelist())
    except (zipfile.BadZipFile, ValueError):
        return False
