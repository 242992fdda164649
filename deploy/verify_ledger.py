#!/usr/bin/env python3
"""Verify an exported ledger of tsudoi with nothing but this file and Python 3.8 or newer, also on Windows.

    python3 verify_ledger.py ledger.jsonl [--checkpoint FILE]... [--key KEY]
    python3 verify_ledger.py --proof FILE [--checkpoint FILE]... [--key KEY]

Exit status 0: it holds. 1: it does not; what was changed, removed, added or moved is named. 2: unreadable.

Beside the ledger are expected: `checkpoints/*.txt` (signed notes), `leaves.txt` (the hash of every entry, with which a
changed entry is found: the checkpoints vouch for it), `texts.jsonl` (what people wrote, of which the entries hold
salted commitments; what two people redacted is not in it) and `ledger.pub` (the key). `--checkpoint` names an older
checkpoint, typed or scanned from a stamped slip: its three lines, with or without the signature; `-` reads it from the
keyboard. `--key` names the key as it was given on paper (the text or a file); without it the key in the export is used.
English words: TSUDOI_LANG=en.

It shares no code with the program that wrote the ledger. It follows RFC 8032 (Ed25519), RFC 6962 and RFC 9162 (Merkle
tree and proofs), RFC 8785 (canonical JSON), and C2SP signed-note and tlog-checkpoint.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import os
import re
import stat
import sys
import unicodedata
from bisect import bisect_left
from collections import deque
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256, sha512
from io import TextIOWrapper
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, Dict, Iterable, Iterator, List, NamedTuple, Sequence, Tuple, Union

HOLDS, DOES_NOT_HOLD, UNREADABLE = 0, 1, 2
LEDGER, TEXTS, LEAVES, CHECKPOINTS, KEY = "ledger.jsonl", "texts.jsonl", "leaves.txt", "checkpoints", "ledger.pub"
MEMBERS = {"at", "by", "cycle", "data", "event", "seq", "via"}
SHOWN = 20  # so many findings are shown one by one
DEEPEST = 100  # no entry is nested deeper: a reader of nested lists runs out of stack
FARTHEST = 100_000  # so many entries beyond the end are looked for one by one, whatever a checkpoint says
NOBODY = {"system", "unregistered"}  # who stands in an entry that is no person's
KEEPERS = {"coordinator", "approver", "deputy"}  # of the register of people
REGISTER = ("person_registered", "person_changed", "people_registered", "people_changed", "roles_changed", "key_given")
CLOCKS_DIFFER = timedelta(minutes=5)  # the clocks of two machines
Json = Union[bool, int, float, str, List["Json"], Dict[str, "Json"], None]


class Unreadable(Exception):
    """A file that cannot be read, or is not what it should be; the sentence is in the reader's language."""

    def __init__(self, ja: str, en: str, *values: object) -> None:
        super().__init__(words(ja, en, *values))


class Key(NamedTuple):
    """A verifier key: its name, and the 32 bytes of the public key."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Return the 4 bytes that stand before a signature (C2SP signed-note)."""
        return sha256(self.name.encode() + b"\n\x01" + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """Return the key as it stands on paper."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([1]) + self.public).decode()}"


class Note(NamedTuple):
    """A checkpoint as it was read: where from, what it says, and its signatures (None: typed without one)."""

    source: str
    origin: str
    size: int
    root: bytes
    signatures: list[tuple[str, bytes]] | None

    @property
    def text(self) -> str:
        """Return the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


class Report:
    """What was found. It holds where there is no finding; a remark is for the reader to know."""

    def __init__(self) -> None:
        self.entries = 0
        self.covered = 0  # entries that a checkpoint vouches for
        self.checkpoints = 0
        self.root = b""
        self.key = ""
        self.findings: list[str] = []
        self.remarks: list[str] = []

    def find(self, ja: str, en: str, *values: object) -> None:
        """Add a finding."""
        self.findings.append(words(ja, en, *values))

    def remark(self, ja: str, en: str, *values: object) -> None:
        """Add a remark."""
        self.remarks.append(words(ja, en, *values))


# -- Words: Japanese, or English where asked for or where the console has no Japanese letters


def speaks_japanese() -> bool:
    """Tell whether the reader wants Japanese and his console can show it."""
    if os.environ.get("TSUDOI_LANG", "ja")[:2] != "ja":
        return False
    try:
        "管理簿を検証しました。".encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def words(ja: str, en: str, *values: object) -> str:
    """Return a sentence in the reader's language."""
    sentence = ja if speaks_japanese() else en
    return sentence.format(*(shown(value) if isinstance(value, str) else value for value in values))


def shown(text: str) -> str:
    """Return a text of which nothing steers a terminal: control, format and other invisible characters by number."""
    return "".join(f"\\u{ord(c):04x}" if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" else c for c in text)


# -- Ed25519 verification (RFC 8032 section 5.1.7), without the cofactor, as OpenSSL and Go do it

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = Tuple[int, int, int, int]  # extended coordinates X, Y, Z, T
NEUTRAL = (0, 1, 1, 0)


def add_points(a: Point, b: Point) -> Point:
    """Return a + b (section 5.1.4)."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    w, x, y, z = f - e, h - g, h + g, f + e
    return (w * x % P, y * z % P, x * y % P, w * z % P)


def multiply(factor: int, doubled: Sequence[Point]) -> Point:
    """Return factor times the first of the points, each of which is the double of the one before it."""
    result = NEUTRAL
    for point in doubled:
        if factor & 1:
            result = add_points(result, point)
        factor >>= 1
    return result


def doubles(point: Point) -> list[Point]:
    """Return the point, twice the point, four times the point … as far as a factor can reach."""
    points = [point]
    while len(points) < ORDER.bit_length():
        points.append(add_points(points[-1], points[-1]))
    return points


def decompress(raw: bytes) -> Point | None:
    """Return the point of 32 bytes, None where they are no point or not in the one canonical form (section 5.1.3)."""
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if len(raw) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def compress(point: Point) -> bytes:
    """Return the 32 bytes of a point."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def is_small(point: Point) -> bool:
    """Tell a point of small order: as a key it would let one signature fit many messages."""
    for _thrice in range(3):
        point = add_points(point, point)
    return compress(point) == compress(NEUTRAL)


BASE = doubles(decompress(bytes([0x58]) + bytes([0x66]) * 31) or NEUTRAL)


@lru_cache(maxsize=256)
def minus_key(public: bytes) -> list[Point]:
    """Return the doubles of a public key's negative; nothing where it is no key."""
    key = decompress(public)
    if key is None or is_small(key):
        return []
    return doubles((P - key[0], key[1], key[2], P - key[3]))


def signature_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the 64 bytes are this key's signature of the message."""
    key = minus_key(public)
    if not key or len(signature) != 64:
        return False
    first, scalar = signature[:32], int.from_bytes(signature[32:], "little")
    if scalar >= ORDER:
        return False
    challenge = int.from_bytes(sha512(first + public + message).digest(), "little") % ORDER
    return compress(add_points(multiply(scalar, BASE), multiply(challenge, key))) == first


# -- The Merkle tree (RFC 6962 section 2.1) and the verification of proofs (RFC 9162 sections 2.1.3.2 and 2.1.4.2)


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def roots_at(leaves: Sequence[bytes], sizes: set[int]) -> dict[int, bytes]:
    """Return the roots over the first leaves at several sizes; sizes beyond the end are left out."""
    roots = {0: sha256(b"").digest()}
    complete: list[tuple[int, bytes]] = []  # subtrees: how many leaves each has, and its root
    for size, leaf in enumerate(leaves, start=1):
        count, root = 1, leaf
        while complete and complete[-1][0] == count:
            count, root = 2 * count, node_hash(complete.pop()[1], root)
        complete.append((count, root))
        if size in sizes:
            for _count, left in reversed(complete[:-1]):
                root = node_hash(left, root)
            roots[size] = root
    return roots


def consistency_holds(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether the tree of `new` entries begins with the tree of `old` entries (RFC 9162 section 2.1.4.2)."""
    if old == 0:
        return not proof and old_root == sha256(b"").digest()
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new or any(len(value) != 32 for value in proof):
        return False
    path = list(proof) if old & (old - 1) else [old_root, *list(proof)]
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    was = now = path[0]
    for value in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            was, now = node_hash(value, was), node_hash(value, now)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            now = node_hash(now, value)
        node, last = node >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root


def inclusion_holds(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether the leaf stands at `index` (from 0) in the tree of `size` entries (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size or any(len(value) != 32 for value in proof):
        return False
    node, last, result = index, size - 1, leaf
    for value in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(value, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, value)
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


# -- Keys, signed notes and checkpoints (C2SP signed-note and tlog-checkpoint)


def unbase64(text: str) -> bytes:
    """Return the bytes of base64 in its one canonical form; nothing where it is not."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""


def is_name(text: str) -> bool:
    """Tell whether a text can name a key."""
    return bool(text) and "+" not in text and not any(c.isspace() or c < " " for c in text)


def parse_key(text: str) -> Key:
    """Read a verifier key."""
    name, _id, encoded = ([*text.split("+", 2), "", ""])[:3]
    raw = unbase64(encoded)
    key = Key(name, raw[1:])
    if not is_name(name) or len(raw) != 33 or raw[:1] != b"\x01" or key.text != text:
        raise Unreadable(
            "これは管理簿の検証鍵ではありません。名称・番号・鍵を「+」でつないだ一行を、紙のとおりに指定してください。",
            "This is not a verifier key. Give the one line of name, id and key, joined by plus signs, as on paper.",
        )
    return key


def parse_note(raw: bytes, source: str) -> Note | None:
    """Read a signed checkpoint exactly as it was written; None where a byte is out of form."""
    try:
        text, gap, lines = raw.decode("utf-8").rpartition("\n\n")
    except UnicodeDecodeError:
        return None
    found = re.match(r"([^\n]+)\n(0|[1-9][0-9]{0,17})\n([0-9A-Za-z+/]{43}=)\Z", text)
    if not gap or not found or not lines.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", text + lines):
        return None
    signatures = [parse_signature(line) for line in lines[:-1].split("\n")]
    root = unbase64(found.group(3))
    if not root or None in signatures:
        return None
    return Note(source, found.group(1), int(found.group(2)), root, [signature for signature in signatures if signature])


def parse_signature(line: str) -> tuple[str, bytes] | None:
    """Read a signature line: a dash, the key's name, and its id with the signature."""
    dash, name, encoded = ([*line.split(" "), "", "", ""])[:3]
    raw = unbase64(encoded)
    if dash != "\u2014" or line != f"{dash} {name} {encoded}" or not is_name(name) or len(raw) <= 4:
        return None
    return (name, raw)


def parse_typed(text: str, source: str) -> Note:
    """Read a checkpoint that a person typed, pasted or scanned: three lines and perhaps the signature.

    Width of letters, blank lines, spaces at the ends, the kind of newline and where a long line was broken do not
    matter; what is compared in the end is the number of entries and the root.
    """
    lines = [line.strip() for line in unicodedata.normalize("NFKC", text).lstrip("\ufeff").splitlines()]
    lines = [line for line in lines if line]
    size = lines[1].replace(",", "") if len(lines) > 2 else ""
    root = unbase64(lines[2].rstrip("=") + "=") if len(lines) > 2 else b""
    if not re.match(r"[0-9]{1,18}\Z", size) or len(root) != 32:
        raise Unreadable(
            "{} は管理簿の検証値ではありません。確認記録票の三行（名称、件数、根の値）をそのまま入力してください。",
            "{} is not a checkpoint. Type the three lines of the slip: name, number of entries, root.",
            source,
        )
    return Note(source, lines[0], int(size), root, typed_signatures(" ".join(lines[3:]).split(), source))


def typed_signatures(tokens: list[str], source: str) -> list[tuple[str, bytes]] | None:
    """Read the signatures after the three lines; each begins with a dash, and may be broken over lines."""
    if not tokens:
        return None
    signatures: list[tuple[str, bytes]] = []
    for part in re.split(r"(?:^|\s)[\u2014\u2013\u2015\u30fc\u2500-](?=\s)", " ".join(tokens))[1:]:
        name, encoded = part.split()[0] if part.split() else "", "".join(part.split()[1:])
        signature = parse_signature(f"\u2014 {name} {encoded}")
        if signature:
            signatures.append(signature)
    if not signatures:
        raise Unreadable(
            "{} の署名の行が読めません。三行だけを入力しても検証できます。",
            "The signature line of {} cannot be read. The three lines alone will do.",
            source,
        )
    return signatures


def signature_trouble(note: Note, key: Key) -> str:
    """Return what is wrong with a checkpoint before it is compared; nothing where all is well."""
    if note.origin != key.name:
        return words("別の管理簿（{}）の検証値です。", "it belongs to another ledger ({}).", note.origin)
    if note.signatures is None:
        return ""
    own = [raw[4:] for name, raw in note.signatures if name == key.name and raw[:4] == key.id]
    if not own:
        return words("この鍵の署名がありません。", "it carries no signature of this key.")
    if not all(signature_holds(key.public, note.text.encode(), signature) for signature in own):
        return words("署名が正しくありません。", "its signature does not hold.")
    return ""


# -- Canonical JSON (RFC 8785)


def canonical(value: Json) -> str:
    """Return the one text of a JSON value."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be", "surrogatepass"))
        return "{{{}}}".format(",".join(f"{quoted(name)}:{canonical(item)}" for name, item in members))
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "null"}[value]
    return str(value) if isinstance(value, int) and abs(value) < 2**53 else number_text(float(value))


def quoted(text: str) -> str:
    """Return a string with the escapes of RFC 8785, which are those of Python where nothing is forced into ASCII."""
    return json.dumps(text, ensure_ascii=False)


def number_text(value: float) -> str:
    """Return a number as ECMAScript writes it: the fewest digits that read back as the same double."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text, minus = "".join(map(str, digits)), "-" if sign and value else ""
    point = len(text) + int(exponent)  # where the decimal point stands, from the left of the digits
    if value == 0:
        return "0"
    if len(text) <= point <= 21:
        return minus + text + "0" * (point - len(text))
    if 0 < point <= 21:
        return f"{minus}{text[:point]}.{text[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{text}"
    tail = "." + text[1:] if len(text) > 1 else ""
    return f"{minus}{text[0]}{tail}e{'+' if point > 0 else '-'}{abs(point - 1)}"


class Line(NamedTuple):
    """A line of the ledger: the hash of its entry, the number that it says it has, and what is wrong with its form."""

    leaf: bytes
    says: int | None
    trouble: str


def read_line(raw: bytes) -> Line:
    """Hash a line as stored, and look at its form."""
    entry, trouble = raw[:-1], ""
    if not raw.endswith(b"\n"):
        entry, trouble = raw, words("行の終わりがありません", "its end is missing")
    elif entry.endswith(b"\r"):
        trouble = words("改行が書き換えられています（CRLF）", "its newline was converted (CRLF)")
    said, wrong = parse_entry(entry)
    says = said.get("seq")
    number = says if isinstance(says, int) and not isinstance(says, bool) else None
    return Line(leaf_hash(entry), number, trouble or wrong)


def parse_entry(entry: bytes) -> tuple[dict[str, Json], str]:
    """Return what an entry says, and what is wrong with its form."""
    try:
        text = entry.decode("utf-8")
        if is_deep(text):
            return {}, words("入れ子が深すぎます", "it is nested too deeply")
        said: Json = json.loads(text, parse_constant=refuse_constant)
    except ValueError:
        return {}, words("JSON として読めません", "it is no JSON")
    if not isinstance(said, dict) or set(said) != MEMBERS:
        return {}, words("記録の項目がそろっていません", "it has not the members of an entry")
    try:
        if canonical(said) == text:
            return said, ""
    except (ValueError, OverflowError):
        pass
    return said, words("正準形（RFC 8785）ではありません", "it is not in canonical form (RFC 8785)")


def is_deep(text: str) -> bool:
    """Tell whether brackets are nested deeper than in any entry, not counting those within strings."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = deepest = 0
    for bracket in re.findall(r"[\[{\]}]", re.sub(r'"(?:[^"\\]|\\.)*"', "", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest > DEEPEST


def as_object(value: Json) -> dict[str, Json]:
    """Return an object as it is, and an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def refuse_constant(name: str) -> float:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(name)


# -- What was changed, removed, added or moved


class Change(NamedTuple):
    """One difference: its kind, the entry concerned (0 where an entry is none of the ledger's), and the line."""

    kind: str
    entry: int
    line: int


def differences(numbers: Sequence[int | None], claims: Sequence[int | None], count: int) -> list[Change]:
    """Compare lines with the entries 1 to `count`; `numbers` say which entry a line is (None: none of them).

    Lines that follow each other in rising order are in their places. Of the others an entry stands there twice, or was
    moved; a line that is no entry is a changed one where an entry is missing between its neighbours, else an added one.
    """
    kept, lost = rising(numbers), Lost(numbers, count)
    standing = [numbers[line] or 0 for line in sorted(kept)]
    place, seen = 0, set(standing)
    changes: list[Change] = []
    for line, number in enumerate(numbers):
        if line in kept:
            place += 1
        elif number is not None:
            changes.append(Change("doubled" if number in seen else "moved", number, line + 1))
            seen.add(number)
        else:
            before = standing[place - 1] if place else 0
            after = standing[place] if place < len(standing) else count + 1
            entry = lost.between(before, after, claims[line])
            changes.append(Change("changed" if entry else "added", entry, line + 1))
    changes += [Change("removed", entry, 0) for entry in sorted(lost.open)]
    return sorted(changes, key=lambda change: (change.entry or change.line, change.line))


class Lost:
    """The entries that no line is; a strange line stands for one of them, or for none."""

    def __init__(self, numbers: Sequence[int | None], count: int) -> None:
        self.open = set(range(1, count + 1)).difference(number for number in numbers if number)
        self.ahead = deque(sorted(self.open))

    def between(self, before: int, after: int, claim: int | None) -> int:
        """Take the lost entry between two numbers: the one that is claimed, else the first; 0 where there is none.

        Whoever asks goes from the first line to the last, so that what lies behind is never looked at again.
        """
        if claim is None or not before < claim < after or claim not in self.open:
            while self.ahead and (self.ahead[0] <= before or self.ahead[0] not in self.open):
                self.ahead.popleft()
            claim = self.ahead[0] if self.ahead and self.ahead[0] < after else 0
        self.open.discard(claim)
        return claim


def rising(numbers: Sequence[int | None]) -> set[int]:
    """Return the lines of a longest run of rising numbers: what stands in its place."""
    ends: list[int] = []
    lines: list[int] = []
    before: dict[int, int | None] = {}
    for line, number in enumerate(numbers):
        if number is None:
            continue
        at = bisect_left(ends, number)
        if ends[at : at + 1] == [number]:
            continue  # the first of two is the one in its place
        before[line] = lines[at - 1] if at else None
        ends[at : at + 1], lines[at : at + 1] = [number], [line]
    kept: set[int] = set()
    line = lines[-1] if lines else None
    while line is not None:
        kept.add(line)
        line = before[line]
    return kept


ONE = {  # by entry and line
    "changed": ("第{0}号の記録が書き換えられています（{1}行目）。", "Entry {0} was changed (line {1})."),
    "removed": ("第{0}号の記録が取り除かれています。", "Entry {0} was removed."),
    "added": ("{1}行目に記録が付け加えられています。", "Line {1} was added."),
    "moved": ("第{0}号の記録が{1}行目に移されています。", "Entry {0} was moved (it stands in line {1})."),
    "doubled": ("第{0}号の記録が{1}行目にもう一度あります。", "Entry {0} stands once more in line {1}."),
}
RUN = {  # by entry and line of the first, then of the last
    "changed": ("第{0}号から第{2}号までの記録が書き換えられています。", "Entries {0} to {2} were changed."),
    "removed": ("第{0}号から第{2}号までの記録が取り除かれています。", "Entries {0} to {2} were removed."),
    "added": ("{1}行目から{3}行目までの記録が付け加えられています。", "Lines {1} to {3} were added."),
}


def sentences(changes: Sequence[Change], troubles: dict[int, str]) -> Iterator[str]:
    """Tell of each difference; three or more of one kind that follow each other are told as one."""

    def start(numbered: tuple[int, Change]) -> tuple[str, int]:
        number, change = numbered
        return change.kind, (change.entry or change.line) - number

    for (kind, _start), numbered in groupby(enumerate(changes), start):
        run = [change for _number, change in numbered]
        if len(run) > 2 and kind in RUN:
            yield sentence(RUN[kind], run[0], run[-1], troubles)
        else:
            yield from (sentence(ONE[kind], change, change, troubles) for change in run)


def sentence(phrase: tuple[str, str], first: Change, last: Change, troubles: dict[int, str]) -> str:
    """Return what happened to one or several entries, and what is wrong with their form where it is the same."""
    trouble = troubles.get(first.line, "") if first.kind in RUN else ""
    aside = words("（{}）", " ({})", trouble) if trouble and trouble == troubles.get(last.line) else ""
    return words(*phrase, first.entry, first.line, last.entry, last.line) + aside


# -- The verification


def verify_ledger(path: str, checkpoints: Sequence[str] = (), key_text: str = "") -> Report:
    """Verify an exported ledger against the checkpoints beside it and further ones, given as files.

    Raises:
        Unreadable: a file cannot be read, or there is nothing to compare with.

    """
    ledger, report = Path(path), Report()
    ledger = ledger / LEDGER if ledger.is_dir() else ledger
    folder = ledger.parent
    opened(ledger).close()  # a path that was mistyped is told before anything is missed beside it
    key = key_of(folder, key_text, report)
    given = [typed_checkpoint(source) for source in checkpoints]
    beside, spoilt = notes_beside(folder)
    if not given and not beside and not spoilt:
        raise Unreadable(
            "検証値（{}）が一つもなく、何も確かめられません。確認記録票のものを --checkpoint で指定してください。",
            "There is no checkpoint ({}), so nothing can be verified. Name one of a slip with --checkpoint.",
            CHECKPOINTS,
        )
    report.findings += spoilt
    with opened(ledger) as file:
        lines = [read_line(raw) for raw in file]
    judge(lines, leaves_beside(folder), given, beside, key=key, report=report)
    with opened(ledger) as file:
        contents = Contents(file)
    look_for_texts(contents, folder / TEXTS, report)
    contents.tell(report)
    return report


def judge(
    lines: list[Line], stored: list[bytes] | None, given: list[Note], beside: list[Note], *, key: Key, report: Report
) -> None:
    """Compare the lines with every checkpoint, and look for what happened where one does not hold."""
    leaves = [line.leaf for line in lines]
    roots = roots_at(leaves, {len(leaves), *(note.size for note in given + beside)})
    report.entries, report.root = len(leaves), roots[len(leaves)]
    good: list[Note] = []
    bad: list[Note] = []
    for note in given + beside:
        trouble = signature_trouble(note, key)
        if trouble:
            report.find("検証値 {}：{}", "Checkpoint {}: {}", note.source, trouble)
            continue
        (good if roots.get(note.size) == note.root else bad).append(note)
        if note.signatures is None:
            report.remark(
                "検証値 {} には署名がありません。押印された紙そのものが証拠になります。",
                "Checkpoint {} came without a signature: the stamped paper itself vouches for it.",
                note.source,
            )
    report.checkpoints = len(good)
    covered = max((note.size for note in [*good, *bad]), default=0)
    report.covered = max((note.size for note in good), default=0)
    whole = covered if beside else max(covered, len(lines))  # an export ends with a checkpoint
    if bad or len(lines) > whole:
        trusted = stored[:whole] if stored is not None and vouched(stored, [*good, *bad], covered) else None
        near = min(whole, len(lines) + FARTHEST)
        report.findings += dict.fromkeys(what_happened(lines, trusted, near))
        report.findings += brackets(good, bad, len(lines))
    else:
        report.findings += spoilt_forms(lines)
        if stored is not None:
            report.findings += spoilt_leaves(leaves, stored)
    if len(lines) > covered and not beside:
        report.find(
            "確かなのは第1号から第{0}号までです。第{1}号から第{2}号までには、出力の末尾にあるはずの検証値がありません。",
            "Only entries 1 to {0} are vouched for: of {1} to {2} the checkpoint that ends an export is missing.",
            covered,
            covered + 1,
            len(lines),
        )


def vouched(stored: list[bytes], notes: Sequence[Note], covered: int) -> bool:
    """Tell whether a checkpoint vouches for the exported hashes as far as the checkpoints reach."""
    roots = roots_at(stored, {note.size for note in notes})
    fitting = [note.size for note in notes if roots.get(note.size) == note.root]
    return bool(fitting) and max(fitting) >= min(covered, len(stored))


def what_happened(lines: list[Line], trusted: list[bytes] | None, count: int) -> Iterator[str]:
    """Name what was changed, removed, added or moved in a ledger of `count` entries: by their hashes, else numbers."""
    troubles = {number: line.trouble for number, line in enumerate(lines, start=1)}
    claims = [line.says for line in lines]
    if trusted is not None:
        number_of = {leaf: number for number, leaf in enumerate(trusted, start=1)}
        numbers, count = [number_of.get(line.leaf) for line in lines], len(trusted)
    else:
        numbers = [says if says is not None and 0 < says <= count else None for says in claims]
    yield from sentences(differences(numbers, claims, count), troubles)
    if trusted is None:
        yield from spoilt_forms(lines, only_canonical=True)


def brackets(good: Sequence[Note], bad: Sequence[Note], count: int) -> Iterator[str]:
    """Say of each checkpoint that does not hold between which entries the difference lies."""
    for note in sorted(bad, key=lambda note: note.size):
        first = max((held.size for held in good if held.size < note.size), default=0) + 1
        ja = "検証値 {0}：第{1}号から第{2}号までの間に、証明された当時と違う記録があります。"
        en = "Checkpoint {0}: among entries {1} to {2} is something else than was signed."
        if note.size > count:
            ja = "検証値 {0}：第{2}号までを証明していますが、管理簿は第{3}号で終わっています。"
            en = "Checkpoint {0} signed {2} entries, but the ledger ends at entry {3}."
        yield words(ja, en, note.source, first, note.size, count)


def spoilt_forms(lines: Sequence[Line], *, only_canonical: bool = False) -> Iterator[str]:
    """Return the entries whose form is not that of a ledger, though no checkpoint tells of it."""
    for number, line in enumerate(lines, start=1):
        if line.trouble:
            yield words("第{}号：{}。", "Entry {}: {}.", number, line.trouble)
        elif line.says != number and not only_canonical:
            yield words("第{}号：番号が続いていません。", "Entry {}: its number does not follow.", number)


def spoilt_leaves(leaves: Sequence[bytes], stored: Sequence[bytes]) -> Iterator[str]:
    """Return the lines of the list of hashes that differ from a ledger that holds."""
    ja = "{} の{}行目が書き換えられています（管理簿のその記録は確かです）。"
    en = "Line {1} of {0} was changed (the entry itself holds)."
    for at in range(max(len(leaves), len(stored))):
        if leaves[at : at + 1] != stored[at : at + 1]:
            yield words(ja, en, LEAVES, at + 1)


# -- What the entries say: free text under commitments, signatures of people, the clock

Place = Tuple[int, str]  # the number of an entry, and the way to a text in its data, joined by dots
NO_OPENING: tuple[Place, bytes, str] = ((0, ""), b"", "")


class Contents:
    """What is looked at in a ledger beside its hashes. Of a line that is no entry nothing is taken."""

    def __init__(self, lines: Iterable[bytes], first: int = 1) -> None:
        self.commitments: dict[Place, str] = {}
        self.redacted: set[Place] = set()
        self.keys: dict[str, bytes] = {}
        self.keepers: set[str] = set()
        self.a_year_is_open = False
        self.proposals: dict[int, dict[str, Json]] = {}
        self.troubles: list[tuple[int, str]] = []
        self.openings: dict[Place, str] = {}
        self.compared: list[tuple[int, int, Json, Json]] = []
        self.signed = self.unsigned = 0
        self.four_eyes_unsigned: list[int] = []
        self.backwards: list[int] = []
        self.latest: datetime | None = None
        for number, raw in enumerate(lines, start=first):
            entry, trouble = parse_entry(raw.rstrip(b"\n"))
            if not trouble and entry["seq"] == number and isinstance(entry["data"], dict):
                self.take(number, entry, entry["data"])

    def trouble(self, number: int, ja: str, en: str, *values: object) -> None:
        """Note what is not right with an entry."""
        self.troubles.append((number, words(ja, en, *values)))

    def take(self, number: int, entry: dict[str, Json], data: dict[str, Json]) -> None:
        """Look at one entry."""
        self.look_at_the_clock(number, entry["at"])
        for place, commitment in commitments_in(data):
            self.commitments[number, place] = commitment
        event, record = str(entry["event"]), as_object(data.get("record"))
        redacted = record.get("entry")
        if event == "text_redacted" and isinstance(redacted, int):
            self.redacted.add((redacted, str(record.get("place"))))
        self.look_at_the_signature(number, entry, data)
        if event.endswith("_proposed"):
            self.proposals[number] = entry
        elif "proposed_by" in data and "proposal" in data:
            self.look_at_the_proposal(number, entry, data)
        if event == "cycle_opened":
            self.a_year_is_open = True
        elif event == "passphrase_changed":  # its owner put it in the place of the former, for which the former signs
            person = str(record.get("person"))
            if "signature" in data and entry["by"] == person:
                self.keys[person] = bytes_of(record.get("public_key"))
            else:
                self.trouble(number, "本人の署名なしに鍵が替えられています", "a key was changed unsigned")
        elif event in REGISTER:
            self.look_at_the_register(number, data, record)

    def look_at_the_clock(self, number: int, at: Json) -> None:
        """Note an entry that is earlier than one before it."""
        try:
            moment = datetime.fromisoformat(at if isinstance(at, str) else "")
            if self.latest and self.latest - moment > CLOCKS_DIFFER:
                self.backwards.append(number)
            self.latest = max(moment, self.latest or moment)
        except (ValueError, TypeError):
            self.trouble(number, "日時が読めません", "its time cannot be read")

    def look_at_the_signature(self, number: int, entry: dict[str, Json], data: dict[str, Json]) -> None:
        """Check who signed an entry, with which key, and the signature itself."""
        by = str(entry["by"])
        if "signature" not in data:
            if by not in NOBODY and self.keys:
                self.unsigned += 1
                if str(entry["event"]).endswith("_proposed") or "proposed_by" in data:
                    self.four_eyes_unsigned.append(number)
            return
        self.signed += 1
        signature = as_object(data["signature"])
        signer = str(signature.get("by"))
        key = self.keys.get(signer, b"")
        if signer != str(data.get("entered_by", by)):
            self.trouble(number, "署名した者が記入者ではありません", "who signed it is not who entered it")
        elif not key or sha256(key).hexdigest()[:16] != signature.get("key"):
            self.trouble(
                number, "署名の鍵が、その時の本人の鍵ではありません", "its key was not the signer's at that time"
            )
        elif not signature_holds(key, signed_words(entry), unbase64(str(signature.get("sig")))):
            self.trouble(number, "本人の署名が正しくありません", "the person's signature does not hold")

    def look_at_the_register(self, number: int, data: dict[str, Json], record: dict[str, Json]) -> None:
        """Take who keeps the register and whose key is whose: since two keepers have keys, two people sign for it."""
        by_two = "signature" in data and "signature" in as_object(self.proposal_of(data).get("data"))
        if self.a_year_is_open and len(self.keepers & set(self.keys)) > 1 and not by_two:
            ja, en = "二人の署名なしに名簿か鍵が変えられています", "register or key were changed without two who signed"
            self.trouble(number, ja, en)
            return
        if "public_key" in record:
            self.keys[str(record.get("person"))] = bytes_of(record["public_key"])
        people = record.get("people")
        for person in map(as_object, people if isinstance(people, list) else [{**data, "person": data.get("id")}]):
            name, roles = str(person.get("person")), person.get("roles")
            if isinstance(roles, list):
                self.keepers.discard(name)
                if KEEPERS & set(map(str, roles)):
                    self.keepers.add(name)

    def proposal_of(self, data: dict[str, Json]) -> dict[str, Json]:
        """Return the earlier proposal that an entry names, nothing where there is none."""
        number = data.get("proposal")
        return self.proposals.get(number, {}) if isinstance(number, int) else {}

    def look_at_the_proposal(self, number: int, entry: dict[str, Json], data: dict[str, Json]) -> None:
        """Check that a confirmation names an earlier proposal of its act and year; what they say is compared later."""
        proposal, act = self.proposal_of(data), (f"{entry['event']}_proposed", entry["cycle"])
        seq = proposal.get("seq")
        if not isinstance(seq, int) or (proposal["event"], proposal["cycle"]) != act:
            self.trouble(number, "確認した起案がありません", "there is no such proposal to confirm")
        elif proposal["by"] == entry["by"]:
            self.trouble(number, "起案した者自身の確認です", "who proposed it confirmed it")
        else:
            self.compared.append((number, seq, data.get("record"), as_object(proposal["data"]).get("record")))

    def with_texts(self, number: int, value: Json, place: str) -> Json:
        """Return what is said at a place, its texts put back; None for a text that is not there to be compared."""
        if commitment_of(value) is not None:
            return self.openings.get((number, place))
        if isinstance(value, dict):
            return {name: self.with_texts(number, item, f"{place}.{name}") for name, item in value.items()}
        if isinstance(value, list):
            return [self.with_texts(number, item, f"{place}.{at}") for at, item in enumerate(value)]
        return value

    def tell(self, report: Report) -> None:
        """Tell which signatures, proposals and times are not right, and what to know of redactions and the clock."""
        for number, other, said, proposed in self.compared:
            if not agrees(self.with_texts(number, said, "record"), self.with_texts(other, proposed, "record")):
                self.trouble(
                    number, "確認した起案（第{}号）と内容が違います", "it is not what was proposed (entry {})", other
                )
        for number, trouble in sorted(self.troubles):
            report.find("第{}号：{}。", "Entry {}: {}.", number, trouble)
        if self.keys:
            report.remark(
                "職員等の記録のうち、本人の署名があるもの {} 件（いずれも検証済み）、ないもの {} 件。",
                "Of the entries of people {} are signed by them and were checked, {} are not.",
                self.signed,
                self.unsigned,
            )
        elif self.signed == 0:
            report.remark("職員等の署名がない管理簿です。", "Nobody has signed an entry of this ledger.")
        if self.four_eyes_unsigned:
            report.remark(
                "鍵の登録後の起案・確認で署名のないもの：第{}号",
                "Proposals and confirmations without a signature since keys were given: {}",
                numbers_of(self.four_eyes_unsigned),
            )
        redacted = len(self.redacted.intersection(self.commitments))
        if redacted:
            ja, en = "二人の決定により抹消された自由記載：{} か所", "Texts redacted by the decision of two people: {}"
            report.remark(ja, en, redacted)
        if self.backwards:
            report.remark(
                "日時が前の記録より戻っている記録（時計が戻された疑い）：第{}号",
                "Entries earlier than one before them (the clock may have been set back): {}",
                numbers_of(self.backwards),
            )


def numbers_of(numbers: Sequence[int]) -> str:
    """Return numbers in a row, the first few."""
    rest = len(numbers) - SHOWN
    return ", ".join(map(str, numbers[:SHOWN])) + (f" … (+{rest})" if rest > 0 else "")


def commitment_of(value: Json) -> str | None:
    """Return the commitment that a value is; None where it is anything else that an entry can hold."""
    commitment = as_object(value).get("commitment")
    return commitment if isinstance(commitment, str) and len(as_object(value)) == 1 else None


def commitments_in(value: Json, place: str = "") -> Iterator[tuple[str, str]]:
    """Walk over the commitments in an entry's data, each with its place."""
    commitment = commitment_of(value)
    if commitment is not None:
        yield place, commitment
    elif isinstance(value, (dict, list)):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from commitments_in(item, f"{place}.{name}" if place else str(name))


def bytes_of(text: Json) -> bytes:
    """Return the 32 bytes of a key in hexadecimal; nothing where it is none."""
    return bytes.fromhex(text) if isinstance(text, str) and re.match(r"[0-9a-f]{64}\Z", text) else b""


def signed_words(entry: dict[str, Json]) -> bytes:
    """Return what a person signs: the entry without its number and without the signature."""
    said = {name: value for name, value in entry.items() if name != "seq"}
    said["data"] = {name: value for name, value in as_object(entry["data"]).items() if name != "signature"}
    return b"tsudoi/entry/1\n" + canonical(said).encode("utf-8", "surrogatepass")


def agrees(said: Json, proposed: Json) -> bool:
    """Tell whether a confirmation says what was proposed; a text that was redacted cannot be compared."""
    if isinstance(said, dict) and isinstance(proposed, dict):
        return set(said) == set(proposed) and all(agrees(said[name], proposed[name]) for name in said)
    if isinstance(said, list) and isinstance(proposed, list):
        return len(said) == len(proposed) and all(map(agrees, said, proposed))
    return said is None or proposed is None or (type(said), said) == (type(proposed), proposed)


def look_for_texts(contents: Contents, path: Path, report: Report) -> None:
    """Find what is wrong with the texts of an export: what opens no commitment, and commitments that stay closed."""
    if path.exists():
        with opened(path) as file:
            report.findings += open_all(contents, file, TEXTS)
    elif contents.commitments:
        report.find("自由記載のファイル {} がありません。", "The file of texts {} is missing.", TEXTS)
        return
    for place in sorted(set(contents.commitments) - set(contents.openings) - contents.redacted):
        report.find(
            "第{}号の自由記載（{}）が取り除かれています。抹消の記録はありません。",
            "The text of entry {} at {} was taken away; no entry tells of its redaction.",
            *place,
        )


def open_all(contents: Contents, lines: Iterable[bytes], source: str) -> Iterator[str]:
    """Open the commitments with these lines, and return a finding for each line that opens none."""
    for number, raw in enumerate(lines, start=1):
        place, salt, text = opening_of(raw)
        commitment = contents.commitments.get(place)
        if commitment is None or sha256(salt + text.encode("utf-8", "surrogatepass")).hexdigest() != commitment:
            ja, en = "{}の{}行目は、どの記録の自由記載とも合いません。", "Line {1} of {0} fits no text of an entry."
        elif place in contents.openings or place in contents.redacted:
            ja, en = (
                "{}の{}行目の自由記載は、ここにあるはずがありません。",
                "The text in line {1} of {0} should not be here.",
            )
        else:
            contents.openings[place] = text
            continue
        yield words(ja, en, source, number)


def opening_of(raw: bytes) -> tuple[Place, bytes, str]:
    """Return place, salt and text of a line of texts; a place that no entry has where it is not in its one form."""
    try:
        line = raw.decode("utf-8")
        said = as_object(None if is_deep(line) else json.loads(line))
        spoilt = len(said) != 4 or canonical(said) + "\n" != line
    except (ValueError, OverflowError):
        return NO_OPENING
    place, salt, seq, text = (said.get(name) for name in ("place", "salt", "seq", "text"))
    if spoilt or not (isinstance(place, str) and isinstance(salt, str) and type(seq) is int and isinstance(text, str)):
        return NO_OPENING
    if not re.match(r"[0-9a-f]{32}\Z", salt):
        return NO_OPENING
    return (seq, place), bytes.fromhex(salt), text


# -- Proof files


def verify_proof(path: str, checkpoints: Sequence[str] = (), key_text: str = "") -> Report:
    """Verify a proof that one checkpoint goes on from another, or that an entry stands in a checkpoint.

    Raises:
        Unreadable: a file cannot be read, or is no proof.

    """
    report = Report()
    try:
        with opened(Path(path)) as file:
            proof = json.loads(file.read().decode("utf-8"))
        sources = {"consistency": ("from", "to"), "inclusion": ("checkpoint",)}[proof["kind"]]
        hashes = [unbase64(value) for value in proof["proof"]]
        key = key_of(Path(), key_text, report, proof["key"])
        notes = [parse_note(proof[name].encode("utf-8"), name) for name in sources]
        entry, number = proof.get("entry", "").encode("utf-8"), int(proof.get("number", 0))
        openings = [line.encode("utf-8") + b"\n" for line in proof.get("texts", ())]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        raise Unreadable("{} は証明書ではありません。", "{} is no proof.", path) from None
    known = [note for note in notes if note]
    if len(known) != len(notes):
        raise Unreadable("{} の検証値が読めません。", "A checkpoint in {} cannot be read.", path)
    for note in known:
        trouble = signature_trouble(note, key)
        if trouble:
            report.find("検証値 {}：{}", "Checkpoint {}: {}", note.source, trouble)
    for note in map(typed_checkpoint, checkpoints):
        if note.text not in [other.text for other in known]:
            report.find(
                "この証明は検証値 {} についてのものではありません。",
                "The proof does not speak of checkpoint {}.",
                note.source,
            )
    report.entries, report.root, report.checkpoints = known[-1].size, known[-1].root, len(known)
    if len(known) == 2:
        old, new = known
        holds = consistency_holds(old.size, new.size, old.root, new.root, hashes)
        report.remark(
            "{1}件の管理簿は、{0}件の時点の管理簿に記録を加えただけのものです。",
            "The ledger of {1} entries only added to the ledger of {0} entries.",
            old.size,
            new.size,
        )
    else:
        holds = inclusion_holds(leaf_hash(entry), number - 1, known[0].size, known[0].root, hashes)
        holds = holds and parse_entry(entry)[0].get("seq") == number
        report.remark("第{}号の記録：{}", "Entry {}: {}", number, entry.decode("utf-8"))
        contents = Contents([entry + b"\n"], number)
        report.findings += open_all(contents, openings, words("証明書", "the proof"))
        report.remarks += [f"{place}：{shown(text)}" for (_entry, place), text in sorted(contents.openings.items())]
    if not holds:
        report.remarks.clear()
        report.find("証明が成り立ちません。", "The proof does not hold.")
    return report


# -- Files


def opened(path: Path) -> BinaryIO:
    """Open a file, or say that it cannot be read; what is no file, such as a pipe, is not waited for."""
    try:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        file = os.fdopen(os.open(str(path), flags), "rb")
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return file
        file.close()
    except (OSError, ValueError):
        pass
    raise Unreadable("{} が読めません。", "{} cannot be read.", str(path))


def beginning(path: Path) -> bytes:
    """Return what a small file holds."""
    with opened(path) as file:
        return file.read(65536)


def key_of(folder: Path, text: str, report: Report, enclosed: str = "") -> Key:
    """Return the key that was given on paper (the text or a file), else the one of the export."""
    path = folder / KEY
    if not enclosed and path.exists():
        enclosed = re.sub(r"\n\Z", "", beginning(path).decode("utf-8", "replace"))
    if text:
        # A path could be as long as a key, but a file is named without a plus sign.
        key = parse_key((text if "+" in text else beginning(Path(text)).decode("utf-8-sig", "replace")).strip())
        if enclosed and enclosed != key.text:
            report.find("{} は、指定された鍵と違います。", "{} is not the key that was given.", KEY)
    elif enclosed:
        key = parse_key(enclosed)
        report.remark(
            "鍵は出力されたものをそのまま使いました。紙で受け取った鍵と見比べてください：{}",
            "The key is the export's own. Compare it with the one you were given on paper: {}",
            key.text,
        )
    else:
        raise Unreadable("検証鍵がありません。--key で指定してください。", "There is no key. Name it with --key.")
    report.key = key.text
    return key


def notes_beside(folder: Path) -> tuple[list[Note], list[str]]:
    """Return the checkpoints of an export, and a finding for each that is not what was written."""
    notes: list[Note] = []
    spoilt: list[str] = []
    for path in sorted((folder / CHECKPOINTS).glob("*.txt")):
        try:
            note = parse_note(beginning(path), path.name)
        except Unreadable:
            note = None
        if note and path.name == f"{note.size:09}.txt":
            notes.append(note)
        else:
            spoilt.append(words("検証値 {} が書き換えられています。", "Checkpoint {} was changed.", path.name))
    return notes, spoilt


def typed_checkpoint(source: str) -> Note:
    """Read a checkpoint that was typed, pasted or scanned."""
    if source == "-":
        return parse_typed(sys.stdin.read(), words("（入力）", "(typed)"))
    path = Path(source)
    raw = beginning(path)
    for encoding in ("utf-16", "utf-8-sig", "cp932"):  # as Windows' editors save it
        try:
            if encoding != "utf-16" or raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
                return parse_typed(raw.decode(encoding), path.name)
        except UnicodeDecodeError:
            continue
    return parse_typed("", path.name)


def leaves_beside(folder: Path) -> list[bytes] | None:
    """Return the hashes of the entries as exported, 64 lower-case hexadecimal digits a line.

    None where there are none; a spoilt line counts as no hash.
    """
    path = folder / LEAVES
    if not path.exists():
        return None
    with opened(path) as file:
        return [bytes.fromhex(line[:64].decode()) if re.match(rb"[0-9a-f]{64}\n\Z", line) else b"" for line in file]


# -- The command


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify what the arguments name, say what was found, and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that lacks a letter shows a question mark
    here = str(Path(__file__).resolve().parent / LEDGER)
    parser = argparse.ArgumentParser(
        description=words("管理簿の出力を検証します。", "Verify an exported ledger."),
        epilog=words("終了値 0：確か　1：確かでない　2：読めない", "Exit status 0: holds, 1: does not, 2: unreadable"),
    )
    parser.add_argument("ledger", nargs="?", default=here, help=LEDGER)
    parser.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        metavar="FILE",
        help=words("確認記録票の検証値（三行）のファイル。「-」で入力", "an older checkpoint of a slip; - to type it"),
    )
    parser.add_argument("--key", default="", help=words("紙で受け取った検証鍵", "the key as given on paper"))
    parser.add_argument("--proof", metavar="FILE", help=words("証明書を検証", "verify a proof instead"))
    asked = parser.parse_args(arguments)
    try:
        if asked.proof:
            report = verify_proof(asked.proof, asked.checkpoint, asked.key)
        else:
            report = verify_ledger(asked.ledger, asked.checkpoint, asked.key)
    except Unreadable as trouble:
        print(words("検証できません：{}", "Not verified: {}", trouble), file=sys.stderr)
        return UNREADABLE
    return say(report)


def say(report: Report) -> int:
    """Print what was found."""
    if report.findings:
        print(words("確かではありません。", "It does not hold."))
        for finding in report.findings[:SHOWN]:
            print("  - " + finding)
        if len(report.findings) > SHOWN:
            print("  " + words("ほか{}件", "and {} more", len(report.findings) - SHOWN))
        print(
            words(
                "→ すべてをそのまま保管し、押印された確認記録票及び直近のバックアップと比べてください。",
                "-> Keep everything as it is; compare it with stamped slips and the last backup.",
            )
        )
    else:
        print(
            words(
                "確かです（第1号から第{0}号まで）。記録 {0} 件、検証値 {1} 件。",
                "It holds (entries 1 to {0}): {0} entries, {1} checkpoints.",
                report.entries,
                report.checkpoints,
            )
        )
        print(words("根の値：{}", "Root: {}", base64.b64encode(report.root).decode()))
    for remark in report.remarks:
        print(words("※ {}", "Note: {}", remark))
    return DOES_NOT_HOLD if report.findings else HOLDS


if __name__ == "__main__":
    sys.exit(main())
