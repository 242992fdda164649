"""The audit bundle: whole, the same every time, without residents' data, and readable with Python alone."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playing import CYCLE, Played, begun
from python_calamine import CalamineWorkbook

from models.errors import BadInput
from steps.bundle import bundle


@pytest.fixture(scope="module")
def year(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with begun(template_home, tmp_path_factory.mktemp("bundle")) as played:
        played.play(before="report_enclosing")
        yield played


@pytest.fixture
def zipped(year: Played, tmp_path: Path) -> Path:
    bundle(year.office, CYCLE, tmp_path / "bundle.zip")
    return tmp_path / "bundle.zip"


def test_the_bundle_is_the_same_to_the_byte_and_writes_no_entry(
    year: Played, zipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made again by somebody who reads English it has not changed by a byte, and the ledger did not grow."""
    entries = len(year.entries())
    monkeypatch.setenv("TSUDOI_LANG", "en")
    bundle(year.office, CYCLE, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == zipped.read_bytes()
    assert len(year.entries()) == entries


def test_the_bundle_verifies_with_python_alone(zipped: Path, tmp_path: Path) -> None:
    """Unpacked anywhere, its own verifier finds its ledger whole; one byte changed and it says which entry."""
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(zipped) as file:
        file.extractall(folder)

    def verified() -> "subprocess.CompletedProcess[bytes]":
        command = [sys.executable, "-I", "-S", "verify_ledger.py", "ledger.jsonl"]
        return subprocess.run(command, cwd=folder, capture_output=True, check=False)

    assert verified().returncode == 0
    lines = (folder / "ledger.jsonl").read_bytes()
    (folder / "ledger.jsonl").write_bytes(lines.replace(b'"begins_on":"2026', b'"begins_on":"2025', 1))
    assert verified().returncode == 1


def test_no_resident_stands_in_the_bundle(year: Played, zipped: Path) -> None:
    """Neither name nor address nor number of anybody invited stands in any file of it."""
    people = year.addressees()
    assert people
    with zipfile.ZipFile(zipped) as file:
        everything = b"\0".join(file.read(name) for name in file.namelist() if not name.endswith(".pdf"))
    for person in people:
        assert not any(word.encode() in everything for word in (person.number, person.name, person.address))


def test_the_bundle_tells_states_measures_and_documents(zipped: Path) -> None:
    """Every move of the state has its ledger number, every one of the 48 measures and 22 documents its standing."""
    with zipfile.ZipFile(zipped) as file:
        history, measures, documents = (
            json.loads(file.read(f"{name}.json")) for name in ("history", "measures", "documents")
        )
        lines = [json.loads(line) for line in file.read("ledger.jsonl").splitlines()]
        page = file.read("index.html").decode()
        assert all(f'href="{name}"' in page for name in file.namelist() if name != "index.html")
    # The latest checkpoint is the one on the slip of the imprint sample.
    assert lines[-1]["event"] == "imprint_sample_submitted"
    assert [move["state"] for move in history] == ["contracted", "ready", "extracted", "transferred"]
    assert all(lines[move["ledger"] - 1]["data"]["occurred_at"] == move["at"] for move in history)
    assert len({it["id"] for it in measures}) == 48
    assert [it["number"] for it in documents] == list(range(1, 23))
    assert {it["standing"] for it in documents if it["number"] in {1, 2, 4}} == {"complete"}
    assert documents[9]["standing"] == "acted"
    assert documents[17]["standing"] == "owed"


def test_a_bundle_is_not_written_over_another_file(year: Played, zipped: Path) -> None:
    """What lies there already stays as it is."""
    before = zipped.read_bytes()
    with pytest.raises(BadInput):
        bundle(year.office, CYCLE, zipped)
    assert zipped.read_bytes() == before


def test_who_knows_no_json_reads_the_ledger_the_slips_and_what_each_paper_shows(zipped: Path, tmp_path: Path) -> None:
    """The 管理簿 and the index of the evidence are PDF and Excel; every slip is a PDF of its own."""
    with zipfile.ZipFile(zipped) as file:
        names = set(file.namelist())
        entries = {json.loads(line)["seq"] for line in file.read("ledger.jsonl").splitlines()}
        for name in ("control-ledger.xlsx", "evidence-index.xlsx"):
            (tmp_path / name).write_bytes(file.read(name))
    assert {"control-ledger.pdf", "evidence-index.pdf"} <= names
    slips = {name for name in names if name.startswith("slips/")}
    assert slips == {f"slips/slip-k-2026-{number:02}.pdf" for number in (1, 2, 4)}
    numbers = [
        int(row[0])
        for sheet in CalamineWorkbook.from_path(str(tmp_path / "control-ledger.xlsx")).sheet_names
        for row in CalamineWorkbook.from_path(str(tmp_path / "control-ledger.xlsx"))
        .get_sheet_by_name(sheet)
        .to_python()
        if str(row[0]).isdigit()
    ]
    assert numbers
    assert set(numbers) <= entries
    rows = CalamineWorkbook.from_path(str(tmp_path / "evidence-index.xlsx")).get_sheet_by_name("証跡索引").to_python()
    contract, receipts = (next(row for row in rows if row[0] == number) for number in ("1", "9"))
    assert contract[1:3] == ["契約書・特記事項", "済"]
    assert len(str(contract[4])) == 64
    assert (contract[5], contract[6]) == ("写しは証跡フォルダー（ファイル名は検証値）", "W-OP-01、C-OP-01")
    assert receipts[2:6] == ["手続済・書類未着", "", "", ""]
    claimed = [row for row in rows if str(row[1]).startswith("対策の証跡")]
    assert any("点検" in row[1] and "C-OP-06" in row[6] and not row[4] for row in claimed)  # a check has no file
