"""What is looked for when residents' data are searched for: everybody's name, address and number in one normal form.

The normal form is NFKD without spaces, line breaks, controls and variation selectors, in lower case, variants folded by
Unicode, by VARIANTS and by the programme's table of substitutes, every hyphen one; numerals before 丁目, 番 and 号 are
digits, and between digits these words are hyphens. An address is looked for without its prefecture. What is compared
are 64-bit fingerprints, so a million persons take 30 MB, and who holds them holds no name.

So that nothing else is found: a number is compared as the whole run of its digits, in at most three groups and of at
least six digits, and not inside a hash. A name in letters is at least four of them and stands as words of its own. A
name of three characters stands apart or with a space inside, and one of two is not looked for, being a word of its own
too often. An address that ends in a digit does not end within a number.
"""

import json
import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b
from itertools import chain, pairwise

SHORTEST, SHORTEST_WORD, SHORTEST_NUMBER = 3, 4, 6
LONGEST = 60  # characters in normal form; of what is longer the beginning is enough
_GROUPS = 3

# Who writes one of these may mean the other. What the programme prints in place of another stands in its own table.
VARIANTS = (
    "﨑崎", "𠮷吉", "﨔欅", "斉斎", "冨富", "峯峰", "曾曽", "舘館", "礒磯", "ヶケ", "ヵカ", "高髙", "浜濱濵", "辺邊邉",
    "沢澤", "桜櫻", "広廣", "国國", "真眞", "恵惠", "徳德", "島嶋嶌", "斉齊", "斎齋", "渕淵", "崎嵜",
)  # fmt: skip
_HYPHENS = {*"-−ー─━⁃˗"}
_DROPPED = {*"\\+_"}  # what escapes are made of, and what stands for a space in names of files and forms
_SELECTORS = (*range(0x180B, 0x180F), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))

_NUMERALS = re.compile("[〇一二三四五六七八九十百千]+(?=丁目|番|号)")
_BETWEEN = re.compile("(?<=[0-9])(?:丁目|番地|番|号|の|-)+(?=[0-9])")
_AFTER = re.compile("(?<=[0-9])(?:丁目|番地|番|号|-)+(?![0-9])")
_PREFECTURE = re.compile("^(?:東京都|北海道|京都府|大阪府|.{2,3}県)(?=.{4})")

_RUN = re.compile("[0-9０-９](?:[ 　,]?[0-9０-９])*")
_GROUP = re.compile("[0-9０-９]+")
LONG_HASH = 32  # digits
_HASH = re.compile("[0-9a-fA-F]{32,}")
_NARROW = str.maketrans("０１２３４５６７８９", "0123456789", " 　,")

# With these a name that stands in a sentence may go on.
_HONORIFICS = {*"様氏殿君宅"}


class Folding(dict[int, str]):
    """What each character becomes in normal form, found when it is first met; made for `str.translate`."""

    def __init__(self, variants: Iterable[str] = ()) -> None:
        """Take groups of characters that may be written for one another, beside those that everybody confuses."""
        super().__init__()
        self._root: dict[str, str] = {}
        self.variants = tuple(variants)
        for one, *others in (*VARIANTS, *self.variants):
            for other in others:
                self._root[self._of(other)] = self._of(one)

    def __missing__(self, code: int) -> str:
        """Find it and remember it."""
        folded = self[code] = "" if code in _SELECTORS else "".join(map(self._piece, self._plain(chr(code))))
        return folded

    def _plain(self, character: str) -> str:
        return unicodedata.normalize("NFKD", character).casefold()

    def _piece(self, character: str) -> str:
        kind = unicodedata.category(character)
        if character in _HYPHENS or kind == "Pd":
            return "-"
        return "" if character in _DROPPED or kind[0] == "Z" or kind in {"Cc", "Cf"} else self._of(character)

    def _of(self, character: str) -> str:
        while character in self._root and self._root[character] != character:
            character = self._root[character]
        return character


def normal(text: str, folding: Folding) -> str:
    """Return a text in normal form."""
    folded = text.translate(folding)
    for pattern, becomes in _STEPS if any(character in folded for character in "目番号の-") else ():
        folded = pattern.sub(becomes, folded)
    return folded


def _traced(text: str, folding: Folding) -> tuple[str, list[int]]:
    """Return a text in normal form, and of each of its characters which one of the text it comes from."""
    pieces = [folding[ord(character)] for character in text]
    folded, at = "".join(pieces), [index for index, piece in enumerate(pieces) for _ in piece]
    for pattern, becomes in _STEPS:
        out: list[str] = []
        places: list[int] = []
        end = 0
        for found in pattern.finditer(folded):
            instead = becomes(found) if callable(becomes) else becomes
            out += (folded[end : found.start()], instead)
            places += (*at[end : found.start()], *[at[found.start()]] * len(instead))
            end = found.end()
        folded, at = "".join((*out, folded[end:])), [*places, *at[end:]]
    return folded, at


def _digits(found: re.Match[str]) -> str:
    """Read 二十三 as 23, and 二三 too."""
    text, value, low = found[0], 0, 0
    if not {*text} & {*"十百千"}:
        return "".join(str("〇一二三四五六七八九".index(numeral)) for numeral in text)
    for numeral in text:
        if numeral in "十百千":
            value, low = value + max(low, 1) * {"十": 10, "百": 100, "千": 1000}[numeral], 0
        else:
            low = "〇一二三四五六七八九".index(numeral)
    return str(value + low)


_STEPS: tuple[tuple[re.Pattern[str], "str | Callable[[re.Match[str]], str]"], ...] = (
    (_NUMERALS, _digits), (_BETWEEN, "-"), (_AFTER, ""),
)  # fmt: skip


def _fingerprint(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where in a text a needle stands, and whose of the register of people it is, "" if nobody's."""

    start: int
    end: int
    who: str = ""


@dataclass(frozen=True, kw_only=True)
class Needles:
    """Everything that is looked for. `pairs` and `words` are how a program may have begun to write some of it."""

    count: int
    skipped: int
    fingerprints: "array[int]"
    lengths: Mapping[str, tuple[int, ...]]  # of what begins with these two characters
    digits: frozenset[int]  # how many digits the numbers have
    pairs: frozenset[str]
    words: frozenset[str]
    folding: Folding = field(repr=False)
    people: Mapping[int, str] = field(default_factory=dict[int, str])

    @property
    def namesakes(self) -> tuple[str, ...]:
        """Return who on the register of people is called like somebody who is looked for."""
        return tuple(sorted(who for name, who in self.people.items() if self._has(name)))

    @classmethod
    def of(cls, texts: Iterable[str], *, variants: Iterable[str] = ()) -> "Needles":
        """Take names, addresses and numbers as the register writes them.

        `variants` are groups of characters that may stand for one another.
        """
        folding = Folding(variants)
        making = _Making(folding=folding)
        for text in texts:
            making.take(text.strip())
        return cls(
            count=making.count, skipped=len(making.skipped), fingerprints=array("Q", sorted(making.fingerprints)),
            lengths={begin: tuple(sorted(found)) for begin, found in making.lengths.items()},
            digits=frozenset(making.digits), pairs=frozenset(making.pairs), words=frozenset(making.words),
            folding=folding,
        )  # fmt: skip

    def beside(self, people: Mapping[str, str]) -> "Needles":
        """Return the same with the names of the register of people, each with its id, so that these are told apart."""
        return replace(self, people={_fingerprint(normal(name, self.folding)): who for name, who in people.items()})

    def written(self) -> bytes:
        """Return what a vault keeps to compare texts with: without what is needed to search bytes."""
        head = {"lengths": self.lengths, "digits": sorted(self.digits), "variants": self.folding.variants}
        return json.dumps(head).encode() + b"\n" + self.fingerprints.tobytes()

    @classmethod
    def read(cls, content: bytes) -> "Needles":
        """Take up what was written."""
        head, _newline, prints = content.partition(b"\n")
        said = json.loads(head)
        fingerprints = array("Q")
        fingerprints.frombytes(prints)
        return cls(
            count=len(fingerprints), skipped=0, fingerprints=fingerprints, lengths=said["lengths"],
            digits=frozenset(said["digits"]), pairs=frozenset(), words=frozenset(), folding=Folding(said["variants"]),
        )  # fmt: skip

    def in_text(self, text: str) -> Iterator[Found]:
        """Yield where in a text a needle stands; they may overlap."""
        yield from self.numbers_in(text)
        yield from self._written_in(text)

    def numbers_in(self, text: str) -> Iterator[Found]:
        """Yield the numbers of residents in a text."""
        for run in _RUN.finditer(text):
            if run.end() - run.start() < SHORTEST_NUMBER:
                continue
            groups = [(group.start(), group.end()) for group in _GROUP.finditer(text, run.start(), run.end())]
            for first in range(len(groups)):
                for last in range(first, min(first + _GROUPS, len(groups))):
                    start, end = groups[first][0], groups[last][1]
                    digits = text[start:end].translate(_NARROW).lstrip("0")
                    if len(digits) in self.digits and self._knows("#" + digits) and not _in_a_hash(text, start, end):
                        yield Found(start=start, end=end)

    def _written_in(self, text: str) -> Iterator[Found]:
        folded = normal(text, self.folding)
        if next(self._spans(folded), None) is None:
            return
        folded, at = _traced(text, self.folding)
        for start, end in self._spans(folded):
            who = self.people.get(_fingerprint(folded[start:end]), "") if self.people else ""
            found = Found(start=at[start], end=at[end - 1] + 1, who=who)
            if _stands_alone(text, found, folded[start:end]):
                yield found

    def _spans(self, folded: str) -> Iterator[tuple[int, int]]:
        lengths, nothing = self.lengths, ()
        for start in range(len(folded) - SHORTEST + 1):
            for length in lengths.get(folded[start : start + 2], nothing):
                end = start + length
                if end > len(folded):
                    break
                if self._knows(folded[start:end]) and not _within_a_number(folded, end):
                    yield start, end

    def _knows(self, folded: str) -> bool:
        return self._has(_fingerprint(folded))

    def _has(self, wanted: int) -> bool:
        place = bisect_left(self.fingerprints, wanted)
        return place < len(self.fingerprints) and self.fingerprints[place] == wanted


def _within_a_number(folded: str, end: int) -> bool:
    return folded[end - 1].isdecimal() and folded[end : end + 1].isdecimal()


def _in_a_hash(text: str, start: int, end: int) -> bool:
    around = max(0, start - LONG_HASH)
    return any(
        digest.start() + around < end and digest.end() + around > start
        for digest in _HASH.finditer(text[around : end + LONG_HASH])
    )


def _stands_alone(text: str, found: Found, folded: str) -> bool:
    """Tell whether a needle that could be a part of another word is one of its own."""
    before, after = text[found.start - 1 : found.start] if found.start else "", text[found.end : found.end + 1]
    if folded.isascii():
        words = folded[0].isalnum(), folded[-1].isalnum()
        return not (words[0] and _is_ascii_word(before)) and not (words[1] and _is_ascii_word(after))
    if len(folded) > SHORTEST:
        return True
    if _script(before) and _script(before) == _script(text[found.start]):
        return False
    if len(text[found.start : found.end].split()) > 1 or after in _HONORIFICS:
        return True
    return not _script(after) or _script(after) != _script(text[found.end - 1])


def _is_ascii_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _script(character: str) -> str:
    """Return the script of a character of Japanese, "" of any other."""
    return unicodedata.name(character, "").partition(" ")[0] if character and character.isalpha() else ""


class _Making:
    """Needles in the making."""

    def __init__(self, *, folding: Folding) -> None:
        self.folding = folding
        self.count = 0
        self.skipped: set[str] = set()
        self.fingerprints: set[int] = set()
        self.lengths: dict[str, set[int]] = {}
        self.digits: set[int] = set()
        self.pairs: set[str] = set()
        self.words: set[str] = set()

    def take(self, text: str) -> None:
        """Take one; what is too short, and so would be found everywhere, is only counted."""
        folded = normal(text, self.folding)
        is_number = folded.isascii() and folded.isdecimal()
        if is_number:
            folded = folded.lstrip("0")
        if len(folded) < (SHORTEST_NUMBER if is_number else SHORTEST_WORD if folded.isascii() else SHORTEST):
            self.skipped.add(text)
            return
        known = len(self.fingerprints)
        if is_number:
            self.fingerprints.add(_fingerprint("#" + folded))
            self.digits.add(len(folded))
        else:
            self._written(text, folded)
        self.count += len(self.fingerprints) > known

    def _written(self, text: str, folded: str) -> None:
        is_address = any(character.isdecimal() for character in folded)
        for each in (folded, _PREFECTURE.sub("", folded, count=1)) if is_address else (folded,):
            sought = each[:LONGEST]
            self.fingerprints.add(_fingerprint(sought))
            self.lengths.setdefault(sought[:2], set()).add(len(sought))
        if folded.isascii():
            self.words.add(folded[:SHORTEST_NUMBER])
            self.pairs.add("".join(chr(ord(character) + _TO_FULL_WIDTH) for character in folded[:2]))
        if not text.isascii():
            self.pairs.update(_pairs_of_an_address(text) if is_address else _pairs_of_a_name(text))


_TO_FULL_WIDTH = ord("０") - ord("0")
_TOWN = re.compile("(.*?)(?:[0-9０-９]|[〇一二三四五六七八九十百千]+(?:丁目|番|号))", re.DOTALL)


def _pairs_of_an_address(text: str) -> Iterator[str]:
    """Yield the end of the town's name: what stands before the first numeral."""
    town = _TOWN.match(text)
    pair = town[1][-2:] if town else ""
    if len(pair) == 2 and not pair.isascii() and not any(map(str.isspace, pair)):  # noqa: PLR2004 - a pair
        yield pair
    else:
        yield from _pairs_of_a_name(text)


def _pairs_of_a_name(text: str) -> Iterator[str]:
    """Yield the first pair of each part, with the selectors that the register writes and without them."""
    parts = [_CHARACTERS.findall(part) for part in text.split()]
    if all(len(part) == 1 for part in parts):
        parts = [[character for part in parts for character in part]]
    for part in parts:
        for one, other in pairwise(part):
            if not (one[0] + other[0]).isascii():
                yield one + other
                yield one[0] + other[0]
                break


_CHARACTERS = re.compile("[^\ufe00-\ufe0f\U000e0100-\U000e01ef][\ufe00-\ufe0f\U000e0100-\U000e01ef]*", re.DOTALL)


@cache
def _strings() -> tuple[str, ...]:
    """Return what may stand for another character: compatibility forms, half and full width, kana with their marks."""
    blocks = ((0x3041, 0x3100), (0xF900, 0xFB00), (0xFF01, 0xFFA0), (0x2F800, 0x2FA1E))
    singles = [chr(code) for first, last in blocks for code in range(first, last)]
    marked = [chr(code) + mark for code in range(0xFF66, 0xFF9E) for mark in "ﾞﾟ"]
    return (*singles, *marked, *(chr(code) + mark for code in range(0x3041, 0x30FB) for mark in "\u3099\u309a"))


def ways_to_write(folding: Folding) -> Mapping[str, frozenset[str]]:
    """Return what may have been written for a piece of the normal form."""
    found: dict[str, set[str]] = {}
    for text in (*_strings(), *chain.from_iterable((*VARIANTS, *folding.variants))):
        found.setdefault(text.translate(folding), set()).add(text)
    return {folded: frozenset(texts) for folded, texts in found.items() if folded}
