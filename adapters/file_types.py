"""Whether a file can be evidence: of a type that an office files, what its name says, and nothing that runs.

The list is closed: a program, a page for a browser, an archive or a workbook with macros would be kept for years and
opened by an auditor. A mail is filed as the PDF that is printed of it, what is packed is unpacked first.
"""

import re
import zipfile
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import PurePath
from typing import Literal

Trouble = Literal["", "kind", "content", "program"]
# What makes a program of an office document, or carries one (ECMA-376; macro sheets of Excel 4 too).
_PROGRAM = re.compile(r"vba|macro|activex|embeddings/.*\.(?!docx|xlsx|pptx)", re.IGNORECASE)
_CONTENT_TYPES = "[Content_Types].xml"
_TYPES_LIMIT = 1 << 20  # bytes; a list of parts is far smaller
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def trouble_of(name: str, content: bytes) -> Trouble:
    """Say what keeps a file from being evidence: its kind, that it is not what its name says, or a program in it."""
    judge = _JUDGES.get(PurePath(name).suffix.lower())
    return judge(content) if judge else "kind"


def ending_of(content: bytes) -> str:
    """Return the ending under which a kept file opens again, "" where it is of none of these types."""
    return next((ending for ending, judge in _JUDGES.items() if not judge(content)), "")


def _begins(*beginnings: bytes, content: bytes) -> Trouble:
    return "" if content.startswith(beginnings) else "content"


def _pdf(content: bytes) -> Trouble:
    import pypdfium2  # pyright: ignore[reportMissingTypeStubs] - it ships none
    from pypdfium2.raw import FPDF_ERR_PASSWORD  # pyright: ignore[reportMissingTypeStubs] - it ships none

    try:
        pypdfium2.PdfDocument(content).close()
    except pypdfium2.PdfiumError as error:
        has_a_password = getattr(error, "err_code", None) == FPDF_ERR_PASSWORD  # whoever files it has it
        return "" if has_a_password else "content"
    return ""


def _office_document(member: str, *, content: bytes) -> Trouble:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
            if not {member, _CONTENT_TYPES} <= names:
                return "content"
            with archive.open(_CONTENT_TYPES) as listed:
                types = listed.read(_TYPES_LIMIT).decode(errors="replace")
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError, OSError):
        return "content"
    return "program" if _PROGRAM.search("\n".join((*names, types))) else ""


def _text(content: bytes) -> Trouble:
    wide = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8", "cp932"):
        try:
            return "content" if _NO_TEXT.search(content.decode(encoding)) else ""
        except UnicodeDecodeError:
            continue
    return "content"


_JUDGES: Mapping[str, Callable[[bytes], Trouble]] = {
    ".pdf": _pdf,
    ".jpg": lambda content: _begins(b"\xff\xd8\xff", content=content),
    ".jpeg": lambda content: _begins(b"\xff\xd8\xff", content=content),
    ".png": lambda content: _begins(b"\x89PNG\r\n\x1a\n", content=content),
    ".tif": lambda content: _begins(b"II*\0", b"MM\0*", content=content),
    ".tiff": lambda content: _begins(b"II*\0", b"MM\0*", content=content),
    ".xlsx": lambda content: _office_document("xl/workbook.xml", content=content),
    ".docx": lambda content: _office_document("word/document.xml", content=content),
    ".pptx": lambda content: _office_document("ppt/presentation.xml", content=content),
    ".txt": _text,
    ".csv": _text,
}
KINDS = tuple(kind.removeprefix(".") for kind in _JUDGES)
