"""Every sequence of bytes in which a program may have stored a text: what tests store and what grep is given."""

import base64
import json
import re
from contextlib import suppress
from urllib.parse import quote, quote_plus

_SHORTEST = 4
_SHIFTS_AROUND = re.compile(rb"^\x1b[$(][@BJ]|\x1b[$(][@BJ]$")  # ISO-2022-JP: what is before may shift already


def forms(needle: str) -> set[bytes]:
    """Return every sequence of bytes in which a program may have stored the needle."""
    raw = {needle.encode("utf-8", "surrogatepass")}
    for codec in ("cp932", "euc_jp", "iso2022_jp"):
        with suppress(UnicodeEncodeError):
            raw.add(_SHIFTS_AROUND.sub(b"", needle.encode(codec)))
    wide = {needle.encode(codec, "surrogatepass") for codec in ("utf-16-le", "utf-16-be")}
    quoted = _escaped(needle) | {repr(stored)[2:-1].encode() for stored in raw}
    in_json = {form.replace(b"\\", b"\\\\") for form in quoted}
    squeezed = _squeezed(needle)
    run_together = {squeezed.encode("utf-8", "surrogatepass")} if len(squeezed) >= _SHORTEST else set[bytes]()
    in_mail = {form for stored in raw | wide for form in _base64(stored)}
    return raw | wide | quoted | in_json | in_mail | run_together


# Which of the first characters of base64 hold bits of what lies before, by how many bytes that is of a group of three.
_SHARED_BEFORE = (0, 2, 3)
_BASE64_SHORTEST = 10  # shorter ones would be found in any key or hash


def _base64(stored: bytes) -> set[bytes]:
    """Return how the bytes stand inside base64, wherever in a group of three they begin."""
    found: set[bytes] = set()
    for before, shared in enumerate(_SHARED_BEFORE):
        whole = (before + len(stored)) * 8 // 6  # the last character may hold bits of what comes after
        found.add(base64.b64encode(bytes(before) + stored)[shared:whole])
    return {form for form in found if len(form) >= _BASE64_SHORTEST}


def _escaped(needle: str) -> set[bytes]:
    json_escapes, json_as_is = (json.dumps(needle, ensure_ascii=plain)[1:-1] for plain in (True, False))
    upper = re.sub(r"(?<=\\u)[0-9a-f]{4}", lambda digits: digits[0].upper(), json_escapes)
    stored = needle.encode("utf-8", "surrogatepass")
    percent = {quote(stored, safe=""), quote_plus(stored)}
    percent.add(quote(stored, safe="").replace("%", "="))  # quoted-printable
    with suppress(UnicodeEncodeError):
        percent.add(quote(needle.encode("cp932"), safe=""))
    lower = {re.sub(r"%[0-9A-F]{2}", lambda digits: digits[0].lower(), form) for form in percent}
    python, xml = (needle.encode("ascii", how) for how in ("backslashreplace", "xmlcharrefreplace"))
    as_text = {json_as_is, json_escapes, upper} | percent | lower
    return {form.encode("utf-8", "surrogatepass") for form in as_text} | {python, xml}


def _squeezed(text: str) -> str:
    """Return the text without white space, so that line breaks and letter spacing hide nothing."""
    return "".join(text.split())
