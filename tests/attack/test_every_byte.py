"""Whatever one changes in an exported ledger of a whole year, the offline verifier finds it and says where."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from exporting import Export
from figures import Figures

from adapters.keys import LedgerKey
from deploy import verify_ledger as verifier
from models.notes import TreeHead, signed_note
from states import merkle

pytestmark = [pytest.mark.attack, pytest.mark.usefixtures("_lines_are_read_once")]
SLICES = 8  # of all bytes, so that the workers share them
Lines = list[bytes]


def flipped(data: bytes, at: int) -> bytes:
    """Flip one bit of a byte, chosen by its place."""
    return data[:at] + bytes([data[at] ^ 1 << Random(at).randrange(8)]) + data[at + 1 :]


def named(report: verifier.Report) -> list[int]:
    """Return the entries and lines that the findings name."""
    found = re.findall(r"第(\d+)号|(\d+)行目", " ".join(report.findings))
    return [int(entry or line) for entry, line in found]


def is_located(report: verifier.Report, line: int) -> bool:
    """Tell whether the findings name the line, or its neighbour where two lines were joined."""
    return any(abs(number - line) <= 1 for number in named(report))


@pytest.mark.parametrize("part", range(SLICES))
def test_every_flipped_byte_of_a_ledger_is_found_and_located(export: Export, part: int, figures: Figures) -> None:
    """Each byte of the ledger, one random bit: found, and its entry named."""
    path = export.folder / "ledger.jsonl"
    data = path.read_bytes()
    found, located, places = 0, 0, range(part, len(data), SLICES)
    for at in places:
        path.write_bytes(flipped(data, at))
        report = export.check()
        found += bool(report.findings)
        located += is_located(report, data.count(b"\n", 0, at) + 1)
    figures.tell("bytes flipped", where="ledger.jsonl: found", tried=len(places), held=found)
    figures.tell("bytes flipped", where="ledger.jsonl: entry named", tried=len(places), held=located)
    assert (found, located) == (len(places), len(places))


@pytest.mark.parametrize("part", range(SLICES))
def test_every_flipped_byte_beside_a_ledger_is_found(export: Export, part: int, figures: Figures) -> None:
    """Each byte of the hashes, the texts, every checkpoint and the key: found, or the file cannot be read."""
    beside = {".txt", ".pub", ".jsonl"}
    for path in [it for it in sorted(export.folder.rglob("*")) if it.suffix in beside and it.name != "ledger.jsonl"]:
        data = path.read_bytes()
        places = range(part, len(data), SLICES)
        found = 0
        for at in places:
            path.write_bytes(flipped(data, at))
            found += is_noticed(export)
        path.write_bytes(data)
        where = "checkpoints" if path.parent.name == "checkpoints" else path.name
        figures.tell("bytes flipped", where=f"{where}: found", tried=len(places), held=found)
        assert found == len(places), path.name


def is_noticed(export: Export) -> bool:
    try:
        return bool(export.check().findings)
    except verifier.Unreadable:
        return True


def dropped(lines: Lines, at: int) -> Lines:
    return [*lines[:at], *lines[at + 1 :]]


def doubled(lines: Lines, at: int) -> Lines:
    return [*lines[: at + 1], *lines[at:]]


def truncated(lines: Lines, at: int) -> Lines:
    return lines[:at]


def swapped(lines: Lines, at: int, *, by: int = 1) -> Lines:
    other = (at + by) % len(lines)
    changed = list(lines)
    changed[at], changed[other] = lines[other], lines[at]
    return changed


def swapped_far(lines: Lines, at: int) -> Lines:
    return swapped(lines, at, by=len(lines) // 2)


def inserted(lines: Lines, at: int) -> Lines:
    return [*lines[:at], lines[at].replace(b'"via":"', b'"via":"x', 1), *lines[at:]]


def changed(lines: Lines, at: int) -> Lines:
    return [*lines[:at], lines[at].replace(b'"by":"', b'"by":"x', 1), *lines[at + 1 :]]


def cut(lines: Lines, at: int) -> Lines:
    place = Random(at).randrange(len(lines[at]))
    return [*lines[:at], lines[at][:place] + lines[at][place + 1 :], *lines[at + 1 :]]


def converted(lines: Lines, at: int) -> Lines:
    return [*lines[:at], lines[at].replace(b"\n", b"\r\n"), *lines[at + 1 :]]


MANGLING: Sequence[Callable[[Lines, int], Lines]] = (
    dropped, doubled, truncated, swapped, swapped_far, inserted, changed, cut, converted,
)  # fmt: skip


@pytest.mark.parametrize("mangle", MANGLING, ids=lambda mangle: mangle.__name__)
def test_whatever_is_done_to_an_entry_is_found_and_located(
    export: Export, mangle: Callable[[Lines, int], Lines], figures: Figures
) -> None:
    """Each entry in turn dropped, doubled, cut off, swapped, added to, changed: found, and named to the neighbour."""
    lines = export.lines
    located = 0
    for at in range(len(lines)):
        export.put(mangle(lines, at))
        located += is_located(export.check(), at + 1)
    figures.tell("entries mangled", where=mangle.__name__, tried=len(lines), held=located)
    assert located == len(lines)


def wholes(data: bytes) -> Iterator[bytes]:
    """Yield what a file server, an editor or a hand does to a file as a whole."""
    yield data.replace(b"\n", b"\r\n")
    yield b"\xef\xbb\xbf" + data
    yield from (data + trailer for trailer in (b"\n", b" ", b"{}\n"))
    yield data.decode().encode("utf-16")
    yield data[:-1]
    yield b""


def test_whatever_is_done_to_the_whole_file_is_found(export: Export, figures: Figures) -> None:
    """Other newlines, a byte order mark, something behind the end, another encoding, nothing at all: found."""
    path = export.folder / "ledger.jsonl"
    data = path.read_bytes()
    tried = found = 0
    for whole in wholes(data):
        path.write_bytes(whole)
        tried, found = tried + 1, found + bool(export.check().findings)
    figures.tell("entries mangled", where="the whole file", tried=tried, held=found)
    assert found == tried


def test_a_ledger_rewritten_with_its_key_is_found_by_every_slip(
    closed_year: Export, export: Export, ledger_key: LedgerKey, tmp_path: Path, figures: Figures
) -> None:
    """Rewritten and signed anew with the key it holds by itself; each slip of paper finds it, and says where."""
    slips = sorted((closed_year.folder / "checkpoints").iterdir())
    rewrite(export, ledger_key)
    by_itself, found = export.check().findings, 0
    for slip in slips:
        paper = tmp_path / f"slip-{slip.name}"
        paper.write_text(slip.read_text(encoding="utf-8").partition("\n\n")[0], encoding="utf-8")
        findings = export.check(paper).findings
        found += len(findings) == 1 and f"第{int(slip.stem)}号まで" in findings[0]
    figures.tell("ledgers rewritten with the key", where="one slip of paper", tried=len(slips), held=found)
    assert by_itself == []
    assert found == len(slips)


def rewrite(export: Export, key: LedgerKey) -> None:
    """Change who did it, in every entry, with hashes and checkpoints that fit."""
    export.put([line.replace(b'"by":"', b'"by":"x', 1) for line in export.lines])
    hashes = [merkle.leaf_hash(line[:-1]) for line in export.lines]
    (export.folder / "leaves.txt").write_text("".join(f"{leaf.hex()}\n" for leaf in hashes))
    for path in (export.folder / "checkpoints").iterdir():
        roots = merkle.Roots()
        roots.add(hashes[: int(path.stem)])
        note = signed_note(TreeHead(origin=key.name, size=roots.size, root=roots.root()).text(), key)
        path.write_text(note, encoding="utf-8", newline="\n")
