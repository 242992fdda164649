"""Finding needles in bytes, in whatever encoding or escape a program may have stored them.

Encodings are UTF-8, UTF-16, CP932, EUC-JP and ISO-2022-JP; escapes those of JSON, Python, URLs, HTML and mail; base64
may hold any of these. Whether something is a needle is decided in normal form, see adapters/needles.py.
"""

import binascii
import os
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from io import BytesIO
from itertools import chain
from typing import BinaryIO

from ahocorasick_rs import BytesAhoCorasick, Implementation

from adapters.needles import LONG_HASH, SHORTEST_NUMBER, Found, Needles, ways_to_write

CHUNK = 1 << 20


class Finder:
    """Seeks all needles in bytes, in whatever encoding and escape they stand.

    One pass (Aho-Corasick) finds where something may stand: two characters of a name or an address as any encoding
    writes them, or an escape. Only around these places the bytes are read as text and compared in normal form.
    """

    def __init__(self, needles: Iterable[str] | Needles) -> None:
        """Take the needles; those that would be found everywhere are only counted."""
        self.sought = needles if isinstance(needles, Needles) else Needles.of(needles)
        longest = max(chain(self.sought.digits, *self.sought.lengths.values()), default=1)
        self._reach = {reading: width * longest + _AROUND for reading, width in _WIDTHS.items()}
        self._overlap = max(self._reach.values())
        beginnings = _beginnings(self.sought)
        patterns = sorted(beginnings)
        self._readings = array("H", map(beginnings.pop, patterns))
        few = len(patterns) <= _FEW
        self._automaton = BytesAhoCorasick(patterns, implementation=_QUICK if few else _SMALL)
        words = sorted(word.encode() for word in self.sought.words)
        self._words = BytesAhoCorasick(words, implementation=_SMALL) if words else None

    def found(self, file: BinaryIO, chunk_size: int = CHUNK) -> Iterator[Found]:
        """Yield every place in a file read in chunks, each once wherever they end; what overlaps is one place."""
        return _joined(self._settled(file, chunk_size))

    def found_in_text(self, text: str) -> list[Found]:
        """Return every place of a text, as it stands or with its white space taken out.

        U+0002 is how PDFium gives a hyphen at the end of a line, which may or may not belong to the word.
        """
        readings = [
            list(_joined(_sorted(self.sought.in_text(spelling)))) for spelling in {text, text.replace("\2", "-")}
        ]
        stored = list(self.found(BytesIO(text.encode("utf-8", "surrogatepass"))))
        return max((*readings, stored), key=len)

    def in_name(self, name: str) -> bool:
        """Tell whether the name of a file, or what a link names, holds a needle."""
        return next(self.found(BytesIO(os.fsencode(name))), None) is not None

    def _settled(self, file: BinaryIO, chunk_size: int) -> Iterator[Found]:
        """Yield what stands in a file by where it ends, each from a window that shows all that lies around it."""
        window, offset, done, chunk = b"", 0, 0, file.read(chunk_size)
        while chunk:
            window, chunk = window + chunk, file.read(chunk_size)
            end = offset + len(window)
            settled = end - self._overlap if chunk else end
            if settled <= done:
                continue
            for place in _sorted(self._in_bytes(window)):
                if done < offset + place.end <= settled:
                    yield Found(start=offset + place.start, end=offset + place.end, who=place.who)
            done = settled
            cut = max(0, done - self._overlap - offset)
            window, offset = window[cut:], offset + cut

    def _in_bytes(self, window: bytes) -> Iterator[Found]:
        """Yield what stands in the bytes, also in what is base64 there."""
        yield from self._as_stored(window)
        runs = list(_base64_runs(window))
        for shift in range(4) if runs else ():
            decoded = [_decoded(window[start:end], shift) for start, end in runs]
            if next(self._as_stored(_BETWEEN_RUNS.join(decoded)), None) is None:
                continue
            for (start, end), content in zip(runs, decoded, strict=True):
                for place in self._as_stored(content):
                    yield _in_base64(window[start:end], start, shift, place)

    def _as_stored(self, data: bytes) -> Iterator[Found]:
        for reading, first, last in self._regions(data):
            for place in _READ[reading](self.sought, data[first:last]):
                # What touches the edge of a region may be a part of something longer; its own region shows it whole.
                if (place.start or first <= 1) and (first + place.end < last or last >= len(data)):
                    yield Found(start=first + place.start, end=first + place.end, who=place.who)
        if _SIX in data.translate(_IS_DIGIT, _SPACES):
            yield from self._numbers_in(data)

    def _regions(self, data: bytes) -> Iterator[tuple[str, int, int]]:
        """Yield how and from where to where the bytes are to be read as text."""
        around: dict[tuple[str, int], list[int]] = {}  # by reading, and whether it begins at an even offset
        for pattern, start, _end in self._automaton.find_matches_as_indexes(data, overlapping=True):
            for way in _WAYS_OF[self._readings[pattern]]:
                if way != "quoted":
                    around.setdefault((way, start % 2 if way in _WIDE else 0), []).append(start)
                elif not data[start : start + 8].translate(None, _PLAIN):
                    around.setdefault(("escaped", 0), []).append(start)
        if self._words:
            around["ascii", 0] = self._beginnings_of_words(data)
        for (reading, parity), starts in around.items():
            reach = self._reach[reading]
            for first, last in _regions_around(starts, reach):
                begin = first + (first + parity) % 2 if reading in _WIDE else first
                yield reading, begin, min(last, len(data))

    def _beginnings_of_words(self, data: bytes) -> list[int]:
        assert self._words
        squeezed = data.translate(_LOWER, _BETWEEN_WORDS)
        starts = [start for _, start, _ in self._words.find_matches_as_indexes(squeezed, overlapping=True)]
        return _before_squeezing(data, starts) if starts else []

    def _numbers_in(self, data: bytes) -> Iterator[Found]:
        """Yield the numbers in the bytes, in ASCII or in either UTF-16."""
        for run in _DIGITS.finditer(data):
            if run.lastindex:
                for place in self.sought.numbers_in(run[0].replace(b"\0", b"").decode()):
                    yield Found(start=run.start() + 2 * place.start, end=run.start() + 2 * place.end)
                continue
            first, last = max(0, run.start() - LONG_HASH), run.end() + LONG_HASH
            for place in self.sought.numbers_in(data[first:last].decode("latin-1")):
                if run.start() <= first + place.start and first + place.end <= run.end():
                    yield Found(start=first + place.start, end=first + place.end)


# The automaton that is twice as quick takes 4 kB a pattern, the other a tenth of it.
_QUICK, _SMALL, _FEW = Implementation.DFA, Implementation.ContiguousNFA, 20_000
# How many bytes a character takes at most, spaces and broken lines between them included.
_WIDTHS = {
    "utf-8": 8, "cp932": 4, "euc_jp": 4, "utf-16-le": 4, "utf-16-be": 4, "iso2022_jp": 10, "escaped": 16, "ascii": 8,
}  # fmt: skip
_WIDE = {"utf-16-le", "utf-16-be"}
_AROUND = 64

# What may stand between two characters of a name that somebody spaced out.
_SPACED = (" ", "　")


# Ways to read bytes as text, and "quoted", which is "escaped" where it stands among plain letters.
_WAYS = (*_WIDTHS, "quoted")
_BIT = {way: 1 << nth for nth, way in enumerate(_WAYS)}
_WAYS_OF = tuple(tuple(way for way in _WAYS if mask & _BIT[way]) for mask in range(1 << len(_WAYS)))


def _beginnings(sought: Needles) -> dict[bytes, int]:
    """Return each sequence of bytes around which the bytes are to be read, and in which ways."""
    found = dict.fromkeys(_ESCAPES, _BIT["escaped"]) | dict.fromkeys(_QUOTED, _BIT["quoted"])
    found |= dict.fromkeys((b"\x1b$B", b"\x1b$@"), _BIT["iso2022_jp"])

    def add(text: str, codec: str) -> None:
        with suppress(UnicodeEncodeError):
            stored = text.encode(codec, "surrogatepass" if codec == "utf-8" else "strict")
            found[stored] = found.get(stored, 0) | _BIT[codec]

    spaced = _SPACED if len(sought.pairs) <= _FEW else ()
    for one, other in _written(sought):
        for codec in ("utf-8", "cp932", "euc_jp", "utf-16-le", "utf-16-be"):
            add(one + other, codec)
        for space in spaced:
            add(one + space + other, "utf-8")
    return found


_FULL_WIDTH = "０１２３４５６７８９"


def _written(sought: Needles) -> Iterator[tuple[str, str]]:
    """Yield the pairs as they may have been written; with selectors as the register writes them."""
    ways = ways_to_write(sought.folding)
    for pair in sought.pairs:
        yield pair[:-1], pair[-1]
        if len(pair) == 2:  # noqa: PLR2004 - a pair without selectors
            one, other = ({character, *ways.get(sought.folding[ord(character)], ())} for character in pair)
            yield from ((first, second) for first in one for second in other)
    if sought.digits:
        yield from ((one, other) for one in _FULL_WIDTH for other in _FULL_WIDTH)


_HEX = b"0123456789ABCDEFabcdef"
_ESCAPES = (
    b"\\U0",
    *(begin + bytes([digit]) for begin in (b"\\u", b"\\x") for digit in _HEX),
    *(b"&#" + bytes([digit]) for digit in b"0123456789Xx"),
)
_QUOTED = (
    *(b"%%%c%c" % (one, other) for one in _HEX for other in _HEX),
    *(b"=%c%c" % (one, other) for one in b"0123456789ABCDEF" for other in b"0123456789ABCDEF"),
)
# What is quoted a byte at a time stands among plain letters only; in bytes that mean nothing it stands by chance.
_PLAIN = bytes([*b"\t\n\r", *range(0x20, 0x7F)])


def _regions_around(starts: list[int], reach: int) -> Iterator[tuple[int, int]]:
    """Yield from where to where to read, so that nothing is read twice."""
    first = last = -1
    for start in sorted(starts):
        if first >= 0 and start - reach <= last:
            last = start + reach
            continue
        if first >= 0:
            yield first, last
        first, last = max(0, start - reach), start + reach
    if first >= 0:
        yield first, last


def _sorted(places: Iterable[Found]) -> list[Found]:
    return sorted(places, key=lambda place: (place.end, place.start))


def _joined(places: Iterable[Found]) -> Iterator[Found]:
    """Yield places that come by their end, those that overlap as one; it is somebody's if each of them is his."""
    last: Found | None = None
    for place in places:
        if last and place.start < last.end:
            who = place.who if place.who == last.who else ""
            last = Found(start=min(last.start, place.start), end=max(last.end, place.end), who=who)
        else:
            if last:
                yield last
            last = place
    if last:
        yield last


# Reading bytes as text: each yields places by their bytes.


def _as_text(sought: Needles, data: bytes, *, codec: str, errors: str) -> Iterator[Found]:
    text = data.decode(codec, errors)
    for place in sought.in_text(text):
        start = len(text[: place.start].encode(codec, errors))
        end = start + len(text[place.start : place.end].encode(codec, errors))
        yield Found(start=start, end=end, who=place.who)


def _as_wide(sought: Needles, data: bytes, *, codec: str) -> Iterator[Found]:
    return _as_text(sought, data[: len(data) // 2 * 2], codec=codec, errors="surrogatepass")


def _as_double(sought: Needles, data: bytes, *, codec: str) -> Iterator[Found]:
    """Read characters of two bytes, beginning at either of them: nobody knows where the text begins."""
    for first in (0, 1):
        for place in _as_text(sought, data[first:], codec=codec, errors="surrogateescape"):
            yield Found(start=first + place.start, end=first + place.end, who=place.who)


def _as_words(sought: Needles, data: bytes) -> Iterator[Found]:
    yield from _as_text(sought, data, codec="utf-8", errors="surrogateescape")
    for first in (0, 1) if b"\0" in data else ():
        for codec in _WIDE:
            for place in _as_wide(sought, data[first:], codec=codec):
                yield Found(start=first + place.start, end=first + place.end, who=place.who)


def _as_iso2022(sought: Needles, data: bytes) -> Iterator[Found]:
    pieces: list[tuple[str, int, int]] = []
    end = 0
    for run in _DOUBLE.finditer(data):
        pieces += _single_bytes(data, end, run.start())
        text = (b"\x1b$B" + run[1] + b"\x1b(B").decode("iso2022_jp", "replace")
        pieces += [(character, run.start() if not at else run.start(1) + 2 * at, run.start(1) + 2 * at + 2)
                   for at, character in enumerate(text)]  # fmt: skip
        end = run.end()
    pieces += _single_bytes(data, end, len(data))
    for place in sought.in_text("".join(character for character, _, _ in pieces)):
        yield Found(start=pieces[place.start][1], end=pieces[place.end - 1][2], who=place.who)


_DOUBLE = re.compile(rb"\x1b\$[@B]((?:[\x21-\x7e]{2})*)(?:\x1b\([BJ])?")


def _single_bytes(data: bytes, first: int, last: int) -> list[tuple[str, int, int]]:
    return [(chr(data[at]), at, at + 1) for at in range(first, last)]


def _as_escaped(sought: Needles, data: bytes) -> Iterator[Found]:
    plain = _ESCAPE.sub(_meant, data)
    origins: Sequence[tuple[int, int]] = ()
    for reading in ("utf-8", "cp932"):
        for place in _READ[reading](sought, plain):
            origins = origins or _origins(data)
            yield Found(start=origins[place.start][0], end=origins[place.end - 1][1], who=place.who)


_ESCAPE = re.compile(
    rb"\\+u([dD][89abAB][0-9a-fA-F]{2})\\+u([dD][c-fC-F][0-9a-fA-F]{2})|\\+u([0-9a-fA-F]{4})|\\+U([0-9a-fA-F]{8})"
    rb"|\\+x([0-9a-fA-F]{2})|[%=]([0-9a-fA-F]{2})|&#([0-9]{2,7});|&#[xX]([0-9a-fA-F]{2,6});|(=\r?\n)|(\\+[nrtbf])"
)
_LAST_CHARACTER = 0x10FFFF


def _meant(found: re.Match[bytes]) -> bytes:
    """Return what an escape stands for."""
    high, low, short, long, one_byte, quoted, number, hexadecimal, _broken_line, _space = found.groups()
    if high:
        return (b"%c%c%c%c" % tuple(bytes.fromhex((high + low).decode()))).decode("utf-16-be").encode()
    if one_byte or quoted:
        return bytes.fromhex((one_byte or quoted).decode())
    code = int(number) if number else int(short or long or hexadecimal or b"0", 16)
    return chr(code).encode("utf-8", "surrogatepass") if 0 < code <= _LAST_CHARACTER else b""


def _origins(data: bytes) -> list[tuple[int, int]]:
    """Return for each byte that is meant from where to where it stands escaped."""
    found: list[tuple[int, int]] = []
    end = 0
    for escape in _ESCAPE.finditer(data):
        found += ((at, at + 1) for at in range(end, escape.start()))
        found += [escape.span()] * len(_meant(escape))
        end = escape.end()
    return [*found, *((at, at + 1) for at in range(end, len(data)))]


_READ: Mapping[str, Callable[[Needles, bytes], Iterator[Found]]] = {
    "utf-8": partial(_as_text, codec="utf-8", errors="surrogateescape"),
    "cp932": partial(_as_double, codec="cp932"),
    "euc_jp": partial(_as_double, codec="euc_jp"),
    "utf-16-le": partial(_as_wide, codec="utf-16-le"),
    "utf-16-be": partial(_as_wide, codec="utf-16-be"),
    "iso2022_jp": _as_iso2022,
    "escaped": _as_escaped,
    "ascii": _as_words,
}

# Numbers and words in letters are sought with what may stand between them taken out, which is quick.
_IS_DIGIT = bytes(ord("0") if byte in b"0123456789" else ord("x") for byte in range(256))
_SPACES = b" ,\0"
_SIX = b"0" * SHORTEST_NUMBER
_DIGITS = re.compile(
    rb"((?:[0-9]\0(?:[ ,]\0)?){%(n)d,})|((?:\0[0-9](?:\0[ ,])?){%(n)d,})|[0-9](?:[ ,]?[0-9]){%(less)d,}"
    % {b"n": SHORTEST_NUMBER, b"less": SHORTEST_NUMBER - 1}
)
_LOWER = bytes(range(256)).lower()
_BETWEEN_WORDS = b" \t\r\n\0+_\\"
_BLOCK = 4096


def _before_squeezing(data: bytes, starts: list[int]) -> list[int]:
    """Return where these places of the squeezed bytes stand in the bytes, to a few bytes before."""
    found: list[int] = []
    passed, begin = 0, 0
    for start in sorted(starts):
        while begin < len(data):
            block = len(data[begin : begin + _BLOCK].translate(None, _BETWEEN_WORDS))
            if passed + block > start:
                break
            passed, begin = passed + block, begin + _BLOCK
        kept = (at for at in range(begin, min(begin + _BLOCK, len(data))) if data[at] not in _BETWEEN_WORDS)
        found.append(next(at for nth, at in enumerate(kept, passed) if nth == start))
    return found


# Base64, whose lines may be broken.
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_OF_IT = b"=\r\n"
_IS_BASE64 = bytes(0x61 if byte in _ALPHABET + _NOT_OF_IT else 0x20 for byte in range(256))
_RUN = b"a" * 14  # shorter ones are in every text
_BETWEEN_RUNS = b"\xff\n\xff\n"


def _base64_runs(window: bytes) -> Iterator[tuple[int, int]]:
    """Yield from where to where the bytes may be base64."""
    view = window.translate(_IS_BASE64)
    start = view.find(_RUN)
    while start >= 0:
        end = view.find(b" ", start)
        end = len(view) if end < 0 else end
        yield start, end
        start = view.find(_RUN, end)


def _decoded(run: bytes, shift: int) -> bytes:
    body = run.translate(None, _NOT_OF_IT)[shift:]
    if len(body) % 4 == 1:
        body = body[:-1]
    return binascii.a2b_base64(body + b"=" * (-len(body) % 4))


def _in_base64(run: bytes, start: int, shift: int, place: Found) -> Found:
    """Return where in the bytes stands what was found in the decoded run."""
    at = [start + index for index, byte in enumerate(run) if byte not in _NOT_OF_IT]
    first, last = shift + place.start * 4 // 3, shift + (place.end * 4 - 1) // 3
    return Found(start=at[first], end=at[min(last, len(at) - 1)] + 1, who=place.who)
