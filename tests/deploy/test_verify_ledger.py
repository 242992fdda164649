"""The offline verifier finds and names whatever was changed in an exported ledger, and needs nothing but itself."""

import ast
import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from exporting import Export

from adapters.keys import LedgerKey
from deploy import verify_ledger as verifier
from models.notes import TreeHead, signed_note
from states import merkle

FILE = Path(verifier.__file__)
PATTERNS = (0x01, 0x20, 0xFF)
SIGNED = (12, 13, 17, 23)  # the opening of the year signs a checkpoint, the export the last one


def named(report: verifier.Report) -> set[int]:
    """Return the entries that the findings name one by one."""
    return {int(number) for finding in report.findings for number in re.findall(r"第(\d+)号の記録", finding)}


def run(
    *arguments: object, script: Path = FILE, encoding: str = "utf-8", lang: str = "ja"
) -> subprocess.CompletedProcess[str]:
    """Run the verifier as an auditor does: by itself, with nothing of the project to be found."""
    surroundings = {"TSUDOI_LANG": lang, "PYTHONIOENCODING": encoding, "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, "-S", script, *map(str, arguments)], capture_output=True, text=True, check=False,
        encoding=encoding, env=surroundings,
    )  # fmt: skip


# -- it holds


def test_an_export_as_written_holds(export: Export) -> None:
    """Every entry and all four checkpoints hold, and the root is the one of the last checkpoint."""
    report = export.check()
    assert (report.findings, report.entries, report.checkpoints) == ([], 23, len(SIGNED))
    assert report.root == verifier.typed_checkpoint(str(export.folder / "checkpoints/000000023.txt")).root


def test_an_export_ends_with_a_checkpoint(export: Export) -> None:
    """The last checkpoint covers every entry, so that none is without a witness."""
    notes = sorted(path.name for path in (export.folder / "checkpoints").iterdir())
    assert notes == ["000000012.txt", "000000013.txt", "000000017.txt", "000000023.txt"]


def test_the_verifier_in_the_export_needs_nothing_else(export: Export, tmp_path: Path) -> None:
    """Called without arguments it verifies the ledger beside it: isolated, in another folder, with exit status 0."""
    shutil.copytree(export.folder, tmp_path / "on a stick" / "管理簿")
    said = run(script=tmp_path / "on a stick" / "管理簿" / "verify_ledger.py")
    assert (said.returncode, said.stderr) == (0, "")
    assert "確かです（第1号から第23号まで）。記録 23 件、検証値 4 件。" in said.stdout


def test_it_imports_the_standard_library_alone_and_is_read_by_python_3_8() -> None:
    """One file, no module of the project or of anybody else, no syntax newer than Python 3.8."""
    tree = ast.parse(FILE.read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [it.name for it in node.names])
    }
    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize("encoding", ["cp932", "cp1252", "ascii", "utf-8"])
def test_no_console_makes_it_stumble(export: Export, encoding: str) -> None:
    """A Japanese, a Western and a bare console get their words, or question marks, and the right exit status."""
    good = run(export.folder, encoding=encoding)
    export.put(export.lines[1:])
    bad = run(export.folder / "ledger.jsonl", encoding=encoding)
    missing = run(export.folder / "無い.jsonl", encoding=encoding)
    assert (good.returncode, bad.returncode, missing.returncode) == (0, 1, 2)
    assert ("確かです" if encoding in {"cp932", "utf-8"} else "It holds") in good.stdout
    assert "Traceback" not in bad.stderr + missing.stderr


def test_english_is_spoken_to_whoever_asks(export: Export) -> None:
    """With TSUDOI_LANG=en what was found is told in English."""
    export.put([line for line in export.lines if b'"seq":5,' not in line])
    said = run(export.folder, lang="en")
    assert said.returncode == 1
    assert "Entry 5 was removed." in said.stdout
    assert said.stdout.isascii()


# -- every byte


def changed(data: bytes, at: int, pattern: int) -> bytes:
    return data[:at] + bytes([data[at] ^ pattern]) + data[at + 1 :]


def flips(data: bytes, step: int, patterns: tuple[int, ...]) -> Iterator[tuple[int, bytes]]:
    for at in range(0, len(data), step):
        for pattern in patterns:
            yield at, changed(data, at, pattern)


def check_every_flip(export: Export, *, step: int, patterns: tuple[int, ...]) -> None:
    for path in sorted(path for path in export.folder.rglob("*") if path.suffix in {".jsonl", ".txt", ".pub"}):
        data = path.read_bytes()
        for at, flipped in flips(data, step, patterns):
            path.write_bytes(flipped)
            line = data.count(b"\n", 0, at) + 1
            assert is_located(export, path, line), (path.name, at)
        path.write_bytes(data)


def is_located(export: Export, path: Path, line: int) -> bool:
    report = export.check()
    findings = "".join(report.findings)
    if path.name == "ledger.jsonl":  # a newline joins two entries
        return line in named(report) and named(report) <= {line, line + 1}
    if path.name == "leaves.txt":
        return f"leaves.txt の{line}行目" in findings and named(report) == set()
    if path.name == "texts.jsonl":
        return f"texts.jsonlの{line}行目は" in findings and named(report) == set()
    return path.name in findings and named(report) == set()


@pytest.mark.usefixtures("_signatures_are_looked_up")
def test_a_flipped_byte_is_found_and_located(export: Export) -> None:
    """A flip in a ledger names its entry, in the hashes and the texts its line, else its file."""
    check_every_flip(export, step=17, patterns=(0x01,))


@pytest.mark.long
@pytest.mark.usefixtures("_signatures_are_looked_up")
@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_flipped_byte_is_found_and_located(export: Export, pattern: int) -> None:
    """Every single byte of every file of an export, three kinds of flip: each is found and located."""
    check_every_flip(export, step=1, patterns=(pattern,))


def test_a_flipped_byte_of_the_key_is_found_without_the_paper(export: Export) -> None:
    """Without --key a changed key is no key any more, or did not sign: nothing holds."""
    path, key = export.folder / "ledger.pub", export.folder.joinpath("ledger.pub").read_bytes()
    for at in range(len(key)):
        path.write_bytes(changed(key, at, 1))
        try:
            assert verifier.verify_ledger(str(export.folder)).findings, at
        except verifier.Unreadable:
            continue


# -- every entry


def replaced(line: bytes, old: bytes, new: bytes) -> bytes:
    """Return a line with something else in it: what is to be tampered with must stand there."""
    assert line.count(old) == 1, line
    return line.replace(old, new)


@pytest.mark.usefixtures("_signatures_are_looked_up")
def test_every_dropped_entry_is_named(export: Export) -> None:
    """Whichever entry is dropped, it and no other is called removed."""
    lines = export.lines
    for place in range(len(lines)):
        export.put([*lines[:place], *lines[place + 1 :]])
        report = export.check()
        assert f"第{place + 1}号の記録が取り除かれています。" in report.findings
        assert named(report) == {place + 1}


@pytest.mark.usefixtures("_signatures_are_looked_up")
def test_every_doubled_entry_is_named(export: Export) -> None:
    """Whichever entry stands twice, beside itself or at the end, it and no other is named with its second line."""
    lines = export.lines
    for place, second in itertools.product(range(len(lines)), (None, len(lines))):
        at = place + 1 if second is None else second
        export.put([*lines[:at], lines[place], *lines[at:]])
        report = export.check()
        assert f"第{place + 1}号の記録が{at + 1}行目にもう一度あります。" in report.findings
        assert named(report) == {place + 1}


@pytest.mark.usefixtures("_signatures_are_looked_up")
def test_every_swapped_pair_is_named(export: Export) -> None:
    """Whichever two entries change places, one of them is called moved, and nothing outside the two."""
    lines = export.lines
    for one, other in itertools.combinations(range(len(lines)), 2):
        swapped = list(lines)
        swapped[one], swapped[other] = lines[other], lines[one]
        export.put(swapped)
        report = export.check()
        assert named(report) & {one + 1, other + 1}
        assert named(report) <= set(range(one + 1, other + 2))
        assert all("移されて" in finding for finding in report.findings if "号の記録が" in finding)


@pytest.mark.usefixtures("_signatures_are_looked_up")
def test_without_the_list_of_hashes_numbers_and_checkpoints_locate(export: Export) -> None:
    """Dropped, doubled and moved entries are known by their numbers; a changed one lies between two checkpoints."""
    (export.folder / "leaves.txt").unlink()
    lines = export.lines
    export.put([*lines[:4], *lines[5:]])
    assert named(export.check()) == {5}
    export.put([*lines[:5], lines[4], *lines[5:]])
    assert named(export.check()) == {5}
    export.put([*lines[:4], lines[6], lines[5], lines[4], *lines[7:]])
    assert named(export.check()) <= {5, 6, 7}
    export.put([*lines[:13], replaced(lines[13], b"W-OP-01", b"W-OP-02"), *lines[14:]])
    findings = export.check().findings
    assert "検証値 000000017.txt：第14号から第17号までの間に、証明された当時と違う記録があります。" in findings


def test_an_entry_after_the_last_checkpoint_is_called_added(export: Export) -> None:
    """What was appended to an export, well formed, with its hash and text, is not covered by a checkpoint and named."""
    line = replaced(export.lines[-1], b'"seq":23', b'"seq":24')
    export.put([*export.lines, line])
    with (export.folder / "leaves.txt").open("a") as leaves:
        leaves.write(merkle.leaf_hash(line[:-1]).hex() + "\n")
    assert export.check().findings == [
        "24行目に記録が付け加えられています。",
        "第24号の自由記載（record.evidence）が取り除かれています。抹消の記録はありません。",
    ]
    texts = export.folder / "texts.jsonl"
    last = texts.read_bytes().splitlines(keepends=True)[-1]
    texts.write_bytes(texts.read_bytes() + replaced(last, b'"seq":23', b'"seq":24'))
    assert export.check().findings == ["24行目に記録が付け加えられています。"]


def test_an_entry_put_between_the_others_is_found(export: Export) -> None:
    """With everything after it renumbered, the first line that is none of the ledger's is where it was put."""
    lines = export.lines
    renumbered = [line.replace(b'"seq":%d' % n, b'"seq":%d' % (n + 1)) for n, line in enumerate(lines, start=1)]
    export.put([*lines[:5], renumbered[4], *renumbered[5:]])
    findings = export.check().findings
    assert findings[0] == "第6号から第23号までの記録が書き換えられています。"
    assert "24行目に記録が付け加えられています。" in findings


def test_a_ledger_cut_off_at_its_end_is_shorter_than_its_checkpoints(export: Export) -> None:
    """Entries missing at the end are named, though every entry that is left holds."""
    export.put(export.lines[:20])
    report = export.check()
    assert "第21号から第23号までの記録が取り除かれています。" in report.findings
    assert any("第23号までを証明していますが、管理簿は第20号で終わっています" in it for it in report.findings)


def test_what_a_file_server_did_to_newlines_is_told(export: Export) -> None:
    """An export whose newlines were converted does not hold, and the reason is said."""
    export.put([line.replace(b"\n", b"\r\n") for line in export.lines])
    assert any("CRLF" in finding for finding in export.check().findings)


def test_a_line_that_is_not_canonical_is_called_so(export: Export) -> None:
    """Another order, spaces, a double member or an escaped letter is the same to a reader, but not to the proof."""
    lines = export.lines
    said = json.loads(lines[20])
    for entry in (
        json.dumps(said, ensure_ascii=False),
        json.dumps(dict(reversed(said.items())), ensure_ascii=False, separators=(",", ":")),
        replaced(lines[20], b'"sato"', b'"\\u0073ato"').decode().strip(),
        replaced(lines[20], b'"seq":21', b'"seq":21.0').decode().strip(),
        replaced(lines[20], b'"seq":21', b'"seq":20,"seq":21').decode().strip(),
    ):
        assert json.loads(entry) == said
        export.put([*lines[:20], entry.encode() + b"\n", *lines[21:]])
        assert (
            "第21号の記録が書き換えられています（21行目）。（正準形（RFC 8785）ではありません）"
            in export.check().findings
        )


def test_junk_in_place_of_a_ledger_is_a_finding_and_no_crash(export: Export) -> None:
    """Whatever stands in the file, the verifier says that it does not hold."""
    for junk in (b"", b"\n", b"{}\n", b"[" * 100_000 + b"\n", b"\xff\xfe\n", b"NaN\n", b"1" * 5000 + b"\n"):
        (export.folder / "ledger.jsonl").write_bytes(junk)
        assert export.check().findings


# -- checkpoints of paper


def forms(note: str) -> dict[str, bytes]:
    """Return the ways in which a slip's checkpoint may arrive."""
    origin, size, root, _gap, signature, _end = note.split("\n")
    three = f"{origin}\n{size}\n{root}\n"
    wide = three.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)})
    broken = f"{signature[:60]}\n  {signature[60:100]}\n{signature[100:]}"
    return {
        "the note itself": note.encode(),
        "three lines": three.encode(),
        "no newline at the end": three.strip().encode(),
        "CRLF": note.replace("\n", "\r\n").encode(),
        "no blank line, as on the slip": f"{three}{signature}".encode(),
        "a signature broken over lines": f"{three}{broken}".encode(),
        "blanks around": f"\n  {three.replace(chr(10), '  ' + chr(10))}\n\n".encode(),
        "a byte order mark": b"\xef\xbb\xbf" + note.encode(),
        "full width": wide.encode(),
        "UTF-16 of a Windows editor": note.encode("utf-16"),
        "CP932 of a Windows editor": note.replace("—", "―").encode("cp932"),
    }


@pytest.mark.parametrize("form", list(forms("o\n1\nr\n\ns\n")))
def test_a_checkpoint_holds_however_it_was_typed(export: Export, tmp_path: Path, form: str) -> None:
    """Three lines are enough; newlines, width, blanks, encoding and broken lines do not matter."""
    paper = tmp_path / "slip.txt"
    paper.write_bytes(forms(export.note(17))[form])
    report = export.check(paper)
    assert (report.findings, report.checkpoints) == ([], len(SIGNED) + 1)
    assert bool([it for it in report.remarks if "署名がありません" in it]) == ("—" not in form_text(paper))


def form_text(paper: Path) -> str:
    raw = paper.read_bytes()
    text = raw.decode("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "cp932" if b"\x81\\" in raw else "utf-8")
    return text.replace("―", "—")


@pytest.mark.parametrize("text", ["", "one line", "a\nb\nc\n", "a\n5\nAAAA\n", "ward\n5\n" + "A" * 43 + "=\nno dash\n"])
def test_what_is_no_checkpoint_is_unreadable(export: Export, tmp_path: Path, text: str) -> None:
    """A file without the three lines ends with 2: nothing was compared."""
    (tmp_path / "slip.txt").write_text(text)
    assert run(export.folder, "--checkpoint", tmp_path / "slip.txt").returncode == 2
    assert run(export.folder, "--checkpoint", tmp_path / "none.txt").returncode == 2


def test_a_mistyped_signature_can_be_left_out(export: Export, tmp_path: Path) -> None:
    """A signature with a wrong letter does not hold; the three lines alone do."""
    paper = tmp_path / "slip.txt"
    note = export.note(12)
    letter = note[-10]
    paper.write_text(note[:-10] + ("A" if letter != "A" else "B") + note[-9:], encoding="utf-8")
    assert any("署名が正しくありません" in finding for finding in export.check(paper).findings)
    paper.write_text(note.partition("\n\n")[0], encoding="utf-8")
    assert export.check(paper).findings == []


def commitment(it: dict[str, str]) -> bytes:
    """Return what the ledger holds of a text that stands beside it."""
    return hashlib.sha256(bytes.fromhex(it["salt"]) + it["text"].encode()).hexdigest().encode()


def rewrite(export: Export, key: LedgerKey, *, first: int) -> None:
    """Write another history from an entry on, with texts, hashes and checkpoints that fit, as the key's holder can."""
    lines, texts = export.lines, export.folder / "texts.jsonl"
    told = [json.loads(text) for text in texts.read_text(encoding="utf-8").splitlines()]
    for it in told:
        if it["seq"] >= first and "点検表" in it["text"]:
            was = commitment(it)
            it["text"] = it["text"].replace("点検表", "点検書")
            lines[it["seq"] - 1] = replaced(lines[it["seq"] - 1], was, commitment(it))
    assert lines != export.lines
    export.put(lines)
    texts.write_text("".join(verifier.canonical(it) + "\n" for it in told), encoding="utf-8", newline="\n")
    hashes = [merkle.leaf_hash(line[:-1]) for line in lines]
    (export.folder / "leaves.txt").write_text("".join(leaf.hex() + "\n" for leaf in hashes))
    for path in (export.folder / "checkpoints").iterdir():
        roots = merkle.Roots()
        roots.add(hashes[: int(path.stem)])
        path.write_text(
            signed_note(TreeHead(origin=key.name, size=roots.size, root=roots.root()).text(), key),
            encoding="utf-8", newline="\n",
        )  # fmt: skip


def test_a_ledger_rewritten_with_the_signing_key_is_found_from_one_printed_checkpoint(
    export: Export, ledger_key: LedgerKey, tmp_path: Path
) -> None:
    """The rewritten ledger verifies by itself; one older slip finds it, a second one narrows the place."""
    old, older = tmp_path / "slip-17.txt", tmp_path / "slip-13.txt"
    old.write_text(export.note(17).partition("\n\n")[0], encoding="utf-8")
    older.write_text(export.note(13).partition("\n\n")[0], encoding="utf-8")
    rewrite(export, ledger_key, first=14)
    assert export.check().findings == []
    assert export.check(old).findings == [
        "検証値 slip-17.txt：第14号から第17号までの間に、証明された当時と違う記録があります。"
    ]
    (export.folder / "checkpoints" / "000000013.txt").unlink()
    assert "第13号から第17号" in export.check(old).findings[0]
    (export.folder / "checkpoints" / "000000012.txt").unlink()
    assert "第1号から第17号" in export.check(old).findings[0]
    assert "第14号から第17号" in export.check(old, older).findings[0]
    assert run(export.folder, "--checkpoint", old).returncode == 1


def test_without_the_key_of_paper_the_reader_is_told_to_compare(export: Export, tmp_path: Path) -> None:
    """A ledger signed with a key of one's own holds by itself, so the key is shown; --key finds it."""
    alone = run(export.folder)
    assert alone.returncode == 0
    assert export.key in alone.stdout
    assert run(export.folder, "--key", export.key).stdout.count(export.key) == 0
    own = LedgerKey.create(tmp_path / "own.pem", name=export.key.partition("+")[0])
    rewrite(export, own, first=3)
    shutil.copy(tmp_path / "own.pub", export.folder / "ledger.pub")
    assert run(export.folder).returncode == 0
    assert run(export.folder, "--key", export.key).returncode == 1
    assert run(export.folder, "--key", tmp_path / "own.pub").returncode == 0
    assert run(export.folder, "--key", "nonsense").returncode == 2


def test_without_any_checkpoint_nothing_is_verified(export: Export) -> None:
    """Whoever takes the checkpoints away gets no all-clear."""
    shutil.rmtree(export.folder / "checkpoints")
    said = run(export.folder)
    assert said.returncode == 2
    assert "検証値" in said.stderr


def test_a_checkpoint_alone_covers_its_own_entries(export: Export, tmp_path: Path) -> None:
    """With one slip and no folder the first entries are vouched for; that the rest is not is a finding (M1)."""
    (tmp_path / "slip.txt").write_text(export.note(12), encoding="utf-8")
    shutil.rmtree(export.folder / "checkpoints")
    report = export.check(tmp_path / "slip.txt")
    assert report.covered == 12
    assert report.findings == [
        "確かなのは第1号から第12号までです。第13号から第23号までには、出力の末尾にあるはずの検証値がありません。"
    ]


def test_a_checkpoint_of_another_ledger_is_called_so(export: Export, tmp_path: Path) -> None:
    """The name on the slip must be the one of the key."""
    (tmp_path / "slip.txt").write_text(export.note(12).replace("tsudoi.invalid", "other.invalid"), encoding="utf-8")
    assert any("別の管理簿" in finding for finding in export.check(tmp_path / "slip.txt").findings)
