"""`tsudoi ledger` as an auditor and a clerk type it."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
import python_calamine
import xlsxwriter
from speaking import Tsudoi

from adapters.clock import VirtualClock


def test_an_export_is_whole_and_holds(home: Path, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """The folder holds ledger, hashes, checkpoints, key and verifier, and what people read; both verifications hold."""
    said = tsudoi("ledger", "export", tmp_path / "export", "--xlsx", "--pdf")
    assert said.status == 0
    assert sorted(path.name for path in (tmp_path / "export").iterdir()) == [
        "checkpoints", "control-ledger-hatachi-2026.pdf", "control-ledger-hatachi-2026.xlsx", "leaves.txt",
        "ledger.jsonl", "ledger.pub", "texts.jsonl", "verify_ledger.py",
    ]  # fmt: skip
    assert (tmp_path / "export/ledger.pub").read_text(encoding="utf-8").strip() in said.out
    assert tsudoi("ledger", "verify", tmp_path / "export").status == 0
    own = subprocess.run([sys.executable, "-I", tmp_path / "export/verify_ledger.py"], check=False, capture_output=True)
    assert own.returncode == 0


def test_verify_says_how_far_paper_vouches_and_where_the_clock_went_back(home: Path, tsudoi: Tsudoi) -> None:
    """The installation's own ledger holds, and its reader is told how far the checkpoints reach and what is earlier."""
    whole = tsudoi("ledger", "verify")
    assert (whole.status, "検証値は全件に及んでいます" in whole.out) == (0, True)
    clock = VirtualClock(home / "clock")
    clock.set(clock.now() + timedelta(days=40))
    claim = ("act", 2026, "claim_measures", "--by", "sato", "--set", "measures=W-OP-01", "--set", "evidence=26-13")
    assert tsudoi(*claim).status == 0
    clock.set(clock.now() - timedelta(days=31))
    claim = (*claim[:-1], "evidence=26-14")
    assert tsudoi(*claim).status == 0
    said = tsudoi("ledger", "verify")
    entries = json.loads(tsudoi("ledger", "show", "--last", 1, "--json").out)[0]["seq"]
    told = json.loads(tsudoi("ledger", "verify", "--json").out)
    assert (said.status, told["entries"]) == (0, entries)
    assert f"検証値は 1～{told['covered']} 件目までです" in said.out
    assert told["covered"] < entries
    assert f"時計が戻された疑い）: {entries}" in said.out


def test_an_export_that_fails_leaves_nothing(home: Path, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """Without the key nothing is begun and the folder is not made; with it the same folder is filled."""
    key = home / "keys/ledger.pem"
    key.rename(home / "away.pem")
    assert tsudoi("ledger", "export", tmp_path / "export").status == 2
    assert not (tmp_path / "export").exists()
    (home / "away.pem").rename(key)
    assert tsudoi("ledger", "export", tmp_path / "export").status == 0


def test_an_export_fills_the_empty_root_of_a_medium(home: Path, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """An empty folder that is there is filled, what a killed export left in it is cleared; a full one is refused."""
    (tmp_path / "export/.being-written").mkdir(parents=True)
    (tmp_path / "export/checkpoints").mkdir()
    (tmp_path / "export/checkpoints/000000001.txt").touch()
    assert tsudoi("ledger", "export", tmp_path / "export").status == 0
    assert not (tmp_path / "export/.being-written").exists()
    said = tsudoi("ledger", "export", tmp_path / "export")
    assert said.status == 2
    assert "空ではありません" in said.err
    assert tsudoi("ledger", "verify", tmp_path / "export").status == 0
    (tmp_path / "other/.being-written").mkdir(parents=True)
    (tmp_path / "other/letter.txt").write_text("of somebody else")
    assert tsudoi("ledger", "export", tmp_path / "other").status == 2
    assert (tmp_path / "other/letter.txt").read_text() == "of somebody else"


def test_a_mistake_is_corrected_by_an_entry_that_names_the_old(home: Path, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """The new entry says what is right and why; the old one stays; the 管理簿 shows both with each other's number."""
    tsudoi("act", 2026, "claim_measures", "--by", "sato", "--set", "measures=W-OP-01", "--set", "evidence=26-13")
    correct = ("--correction", "証拠は26-31", "--reason", "番号の書き間違い", "--by", "sato")
    assert tsudoi("ledger", "correct", 2026, 13, *correct).status == 0
    tsudoi("ledger", "export", tmp_path / "export", "--xlsx", "--pdf")
    book = tmp_path / "export/control-ledger-hatachi-2026"
    rows = python_calamine.load_workbook(f"{book}.xlsx").get_sheet_by_index(1).to_python()
    [_opened, old, new] = rows[-3:]
    assert "第14号で訂正" in str(old[-1])
    assert (new[4], new[6]) == ("管理簿の訂正", "正：証拠は26-31")
    assert "第13号の訂正（番号の書き間違い）" in str(new[-1])
    with pypdfium2.PdfDocument(f"{book}.pdf") as paper:
        printed = "".join(paper[0].get_textpage().get_text_range().split())
    assert all(words in printed for words in ("第14号で訂正", "正：証拠は26-31", "第13号の訂正"))
    texts = (tmp_path / "export/texts.jsonl").read_text(encoding="utf-8").splitlines()
    assert [it["text"] for it in map(json.loads, texts)] == ["26-13", "証拠は26-31", "番号の書き間違い"]


@pytest.mark.parametrize("entry", [1, 14, 99_999_999_999])
def test_only_an_entry_of_the_year_is_corrected(home: Path, tsudoi: Tsudoi, entry: int) -> None:
    """An entry of no year, the correction itself and a number that is not there yet are refused, naming the number."""
    correct = ("--correction", "正しい内容", "--reason", "書き間違い", "--by", "sato")
    assert tsudoi("ledger", "correct", 2026, entry, *correct, "--json").status == 2
    said = tsudoi("ledger", "correct", 2026, entry, *correct)
    assert f"[{entry}]" in said.err


def test_a_changed_export_is_refused_with_the_entry(home: Path, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """`ledger verify FILE` names the entry that was changed and ends with 2."""
    tsudoi("ledger", "export", tmp_path / "export")
    path = tmp_path / "export/ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"seq":4,', b'"seq":4 ,'))
    said = tsudoi("ledger", "verify", path)
    assert said.status == 2
    assert "第4号の記録が書き換えられています" in said.err


def damage(home: Path) -> None:
    with closing(sqlite3.connect(home / "tsudoi.db")) as database:
        (guard,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'ledger_is_never_changed'").fetchone()
        database.execute("DROP TRIGGER ledger_is_never_changed")
        database.execute("UPDATE ledger SET entry = replace(entry, 'system', 'nobody') WHERE seq = 7")
        database.execute(guard)  # whoever does this puts back what would give him away
        database.commit()


def test_a_damaged_ledger_is_exported_but_not_signed(home: Path, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """What does not hold leaves as it stands, for whoever must look into it, without a new checkpoint."""
    tsudoi("ledger", "export", tmp_path / "before")
    damage(home)
    said = tsudoi("ledger", "export", tmp_path / "after")
    assert said.status == 2
    assert "第7号" in said.err
    assert b"nobody" in (tmp_path / "after/ledger.jsonl").read_bytes()
    assert len(list((tmp_path / "after/checkpoints").iterdir())) == 1
    found = tsudoi("ledger", "verify", tmp_path / "after")
    assert "第7号の記録が書き換えられています" in found.err


def test_a_printed_checkpoint_is_compared_with_the_installation(home: Path, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """Three lines in a file are enough; a checkpoint that signed something else finds the rewritten ledger."""
    tsudoi("ledger", "export", tmp_path / "export")
    [note] = (tmp_path / "export/checkpoints").iterdir()
    origin, size, root = note.read_text(encoding="utf-8").splitlines()[:3]
    slip, other = tmp_path / "slip.txt", tmp_path / "other.txt"
    slip.write_text(f"{origin}\r\n{size}\r\n{root}")
    other.write_text(f"{origin}\n{int(size) - 1}\n{root}")
    assert json.loads(tsudoi("ledger", "verify", "--checkpoint", slip, "--json").out)["checkpoints"] == 2
    said = tsudoi("ledger", "verify", "--checkpoint", slip, "--checkpoint", other)
    assert said.status == 2
    assert "書き換えられています" in said.err
    assert "other.txt" in said.err


def test_proofs_leave_as_files_that_the_verifier_checks(home: Path, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """Between two checkpoints and for an entry; changed or held against another checkpoint they do not hold."""
    tsudoi("ledger", "export", tmp_path / "first")
    tsudoi("act", 2026, "claim_measures", "--by", "sato", "--set", "measures=W-OP-01", "--set", "evidence=26-31")
    tsudoi("ledger", "export", tmp_path / "second")
    assert tsudoi("ledger", "prove", "--from", 12, "--to", 13).status == 0
    between = tsudoi("ledger", "prove", "--from", 12, "--to", 13, "--json").out
    of_entry = tsudoi("ledger", "prove", "--entry", 13, "--json").out
    for name, proof in (("between", between), ("entry", of_entry)):
        (tmp_path / name).write_text(proof, encoding="utf-8")
        assert check(tmp_path / name) == 0
        assert check(tmp_path / name, "--checkpoint", tmp_path / "second/checkpoints/000000013.txt") == 0
        broken = json.loads(proof)
        broken["proof"][0] = broken["proof"][-1][:-3] + ("AA=" if broken["proof"][-1][-3:] != "AA=" else "BA=")
        (tmp_path / "broken").write_text(json.dumps(broken), encoding="utf-8")
        assert check(tmp_path / "broken") == 1
    assert check(tmp_path / "entry", "--checkpoint", tmp_path / "first/checkpoints/000000012.txt") == 1
    (tmp_path / "other").write_text(of_entry.replace("W-OP-01", "W-OP-02"), encoding="utf-8")
    assert check(tmp_path / "other") == 1
    (tmp_path / "junk").write_text("[]")
    assert check(tmp_path / "junk") == 2


def check(path: Path, *more: object) -> int:
    from deploy import verify_ledger

    return verify_ledger.main(["--proof", str(path), *map(str, more)])


def test_a_proof_that_cannot_be_made_is_refused_in_words(home: Path, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """Where no checkpoint is, none is proved; the sizes that have one are named."""
    tsudoi("ledger", "export", tmp_path / "export")
    assert "12" in tsudoi("ledger", "prove", "--from", 3, "--to", 12).err
    for wrong in (("--from", 3), (), ("--entry", 99), ("--entry", 5, "--to", 4), ("--from", 12, "--to", 4)):
        assert tsudoi("ledger", "prove", *wrong).status == 2


def test_last_years_book_is_imported_at_the_desk(home: Path, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """`ledger import` takes the rows in and says how many; the ledger shows them as history."""
    path = tmp_path / "管理簿.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        for row, cells in enumerate((["日時", "取扱者", "情報の内容", "数量"], ["2025-11-10", "架空", "媒体", "1枚"])):
            for place, cell in enumerate(cells):
                page.write_string(row, place, cell)
    said = tsudoi("ledger", "import", path, "--year", 2025, "--by", "sato")
    assert (said.status, "1 行" in said.out) == (0, True)
    assert "過年度の管理簿" in tsudoi("ledger", "show", "--last", 1).out
    assert tsudoi("ledger", "verify").status == 0
    assert tsudoi("ledger", "import", path, "--year", 2025, "--by", "sato").status == 2
