"""A workbook that asks for more than there is ends a process of its own, and the command says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter

from adapters import spreadsheet
from models.errors import BadInput

_LAST_CELL = (1_048_575, 16_383)  # XFD1048576


@pytest.fixture
def far_away(tmp_path: Path) -> Path:
    """Give a workbook of a kilobyte or so whose one more cell is the last that Excel has."""
    path = tmp_path / "far-away.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["識別名", "氏名", "所属", "役割"])
        sheet.write_string(*_LAST_CELL, "x")
    return path


@pytest.mark.parametrize(
    "command",
    [
        "people import {file} --year 2026", "deadline import 2026 {file} --by sato",
        "ledger import {file} --year 2025 --by sato",
    ],
)  # fmt: skip
def test_a_cell_at_the_end_of_the_sheet_is_told_in_words(home: Path, far_away: Path, command: str) -> None:
    """No import of Excel is aborted by the sheet's size: exit 2, and how to find the cell."""
    tsudoi = Path(sys.executable).with_name("tsudoi")
    said = subprocess.run(
        [tsudoi, *command.format(file=far_away).split()], capture_output=True, text=True, check=False,
        env=os.environ.copy(),
    )  # fmt: skip
    assert said.returncode == 2, said.stderr
    assert "Ctrl+End" in said.stderr


def test_what_is_no_workbook_is_no_workbook(tmp_path: Path) -> None:
    """A file that the reader cannot read is refused as that, not as one that is too large."""
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(BadInput, match=r"\.xlsx"):
        spreadsheet.read(tmp_path / "x.xlsx")
