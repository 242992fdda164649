"""What a form sends, read as it comes: fields by name, files in memory up to a limit; nothing becomes a temporary file.

The usual reader writes a large upload to the machine's temporary folder, where residents' data must never lie (Law 4).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from io import BytesIO
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from models.errors import BadInput
from models.words import _

_FIELDS = 2_000  # of a form; the largest has the grid of held rows
_FIELD = 64 * 1024  # bytes of a field
_TEXTS = 1024 * 1024  # bytes that are left for the texts of a form beside its files
LARGEST = 64 * 1024 * 1024  # bytes of all files of a form, as of a file of evidence


@dataclass(frozen=True)
class File:
    """A file that was sent: its name as the browser told it, for its ending alone, and what is in it."""

    name: str
    content: bytes = field(repr=False)


@dataclass
class Sent:
    """What a form sent: texts by name in their order, and files by name."""

    texts: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    files: dict[str, File] = field(default_factory=dict[str, File])
    several: dict[str, list[File]] = field(default_factory=dict[str, list[File]])  # each file of a name

    def one(self, name: str) -> str:
        """Return a text, "" where the form has none of that name."""
        return self.texts.get(name, [""])[0].strip()

    def all(self, name: str) -> list[str]:
        """Return every text of a name that is not empty."""
        return [text.strip() for text in self.texts.get(name, []) if text.strip()]


async def sent(request: Request, *, largest: int = LARGEST) -> Sent:
    """Read what a form sent.

    Raises:
        BadInput: it is larger than a form may be, or cannot be read.

    """
    if int(request.headers.get("content-length") or 0) > largest + _TEXTS:
        raise _too_large(largest)
    kind, options = parse_options_header(request.headers.get("content-type"))
    try:
        if kind == b"multipart/form-data" and (boundary := options.get(b"boundary")):
            return await _multipart(request.stream(), boundary, largest)
        if kind == b"application/x-www-form-urlencoded":
            return await _urlencoded(request.stream())
    except (FormParserError, UnicodeDecodeError, ValueError, ClientDisconnect):
        pass
    raise BadInput(
        _("What was sent is no form of the desk, or came incomplete."), _("Open the page again and send it.")
    )


async def _urlencoded(stream: AsyncIterator[bytes]) -> Sent:
    body = bytearray()
    async for chunk in stream:
        body += chunk
        if len(body) > _FIELD * 4:
            raise _too_large(_FIELD * 4)
    found = Sent()
    pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    for name, value in pairs:
        found.texts.setdefault(name, []).append(value)
    return found


@dataclass
class _Reader:
    """Puts together what the parser calls back with, part by part."""

    largest: int
    found: Sent = field(default_factory=Sent)
    name: str = ""
    file_name: str | None = None
    parts: int = 0
    bytes_of_files: int = 0
    body: BytesIO = field(default_factory=BytesIO)  # gives what it holds away without a copy, unlike a bytearray
    header: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)

    def on_part_begin(self) -> None:
        self.name, self.file_name, self.body = "", None, BytesIO()
        self.parts += 1
        if self.parts > _FIELDS:
            raise ValueError

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self.header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def on_header_end(self) -> None:
        if bytes(self.header).lower() == b"content-disposition":
            _kind, options = parse_options_header(bytes(self.value))
            self.name = options.get(b"name", b"").decode()
            self.file_name = options[b"filename"].decode() if b"filename" in options else None
        self.header, self.value = bytearray(), bytearray()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.body.write(memoryview(data)[start:end])
        if self.file_name is None and self.body.tell() > _FIELD:
            raise _too_large(_FIELD)
        if self.file_name is not None:
            self.bytes_of_files += end - start
            if self.bytes_of_files > self.largest:
                raise _too_large(self.largest)

    def on_part_end(self) -> None:
        if self.file_name is None:
            self.found.texts.setdefault(self.name, []).append(self.body.getvalue().decode())
        elif self.body.tell():  # a file field that was left empty comes with an empty name and nothing in it
            file = self.found.files[self.name] = File(self.file_name, self.body.getvalue())
            self.found.several.setdefault(self.name, []).append(file)


async def _multipart(stream: AsyncIterator[bytes], boundary: bytes, largest: int) -> Sent:
    reader = _Reader(largest)
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": reader.on_part_begin, "on_part_data": reader.on_part_data,
            "on_part_end": reader.on_part_end, "on_header_field": reader.on_header_field,
            "on_header_value": reader.on_header_value, "on_header_end": reader.on_header_end,
        },
    )  # fmt: skip
    async for chunk in stream:
        parser.write(chunk)
    parser.finalize()
    return reader.found


def _too_large(most: int) -> BadInput:
    return BadInput(
        _("What was sent is too large: at most {count} MiB.").format(count=max(1, most // 1024 // 1024)),
        _("Send fewer or smaller files at a time."),
    )
