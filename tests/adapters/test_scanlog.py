"""Scan logs of several shapes and with every kind of damage: each line is a scan, and no code is read that is none."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from piece_codes import by_definition

from adapters.scanlog import Log, piece_codes, read_logs
from models.errors import BadInput
from models.programme import ScanLog
from models.serials import piece_code

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ONE, TWO = piece_code(1, 2026), piece_code(2, 2026)
BARE = ScanLog(header=False, letter=1)
NAMED = ScanLog(letter="コード", others=("封筒",), mark="区分", time="日時", rerun=("再",), touched=("手",))


def read(folder: Path, content: bytes | str, shape: ScanLog = BARE) -> Log:
    path = folder / "log.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    [log] = read_logs([path], shape=shape)
    return log


def column(log: Log, name: str) -> list[Any]:
    return log.scans[name].to_list()


@pytest.mark.parametrize(
    ("shape", "content"),
    [
        (BARE, f"{ONE}\n{TWO}\n"),
        (BARE, f"{ONE}\r\n{TWO}"),
        (BARE, f"\r\n{ONE}\r\n\r\n{TWO}\r\n\r\n"),
        (BARE, f'"{ONE}"\n {TWO} \n'),
        (BARE, f"{ONE},x,y\n{TWO}\n"),
        (BARE, f"\ufeff{ONE}\n{TWO}\n"),
        (BARE, f"{ONE}\n{TWO}\n".encode("utf-16")),
        (ScanLog(header=False, letter=3, separator=";"), f"10:00;A;{ONE}\n10:01;A;{TWO}\n"),
        (ScanLog(header=False, letter=2, separator="\t"), f"10:00\t{ONE}\n10:01\t{TWO}\n"),
        (ScanLog(letter="コード", encoding="cp932"), f"日時,コード\r\n10:00,{ONE}\r\n10:01,{TWO}\r\n".encode("cp932")),
        (ScanLog(letter="コード", encoding="utf-16"), f"コード\n{ONE}\n{TWO}\n".encode("utf-16-le")),
        (BARE, f"{piece_code(1)}\n{piece_code(2)}\n"),
        (BARE, f"{ONE.replace('-', '')}\n{TWO}\n"),
    ],
)  # fmt: skip
def test_a_log_is_read_in_whatever_shape_the_programme_says(tmp_path: Path, shape: ScanLog, content: Any) -> None:
    """Separator, header, place of the column and encoding are settings; blank lines are no scans."""
    assert column(read(tmp_path, content, shape), "letter") == [1, 2]


@pytest.mark.parametrize(
    "damaged",
    [
        "NOREAD", "??????", "", " ", "26-0000001", ONE[:-1] + "!", ONE.lower(), f"{ONE}{ONE}", "26-0000000-1A", "=1+1",
        ONE[:-2] + "ZZ", "\x00" * 13, f"{ONE[:5]}\x1b[31m{ONE[5:]}", f"{ONE}\x07", "令和八年", '"', f'"{ONE[:6]}',
    ],
)  # fmt: skip
def test_a_damaged_code_is_an_unreadable_scan_at_its_line(tmp_path: Path, damaged: str) -> None:
    """Whatever stands where a code should, the line counts, names no serial, and spoils no line beside it."""
    log = read(tmp_path, f"{ONE},a\n{damaged},a\n{TWO},a\n")
    assert column(log, "letter") == [1, None, 2]
    assert column(log, "line") == [1, 2, 3]


def test_broken_bytes_are_an_unreadable_scan(tmp_path: Path) -> None:
    """A byte that is no text in the log's encoding damages its own line alone."""
    content = f"{ONE}\n".encode() + b"\xff\xfe26-00\n" + f"{TWO}\n".encode()
    assert column(read(tmp_path, content), "letter") == [1, None, 2]


def test_marks_and_other_codes_are_read_from_their_columns(tmp_path: Path) -> None:
    """Re-runs and touched pieces are known by their marks; codes that differ or cannot be read do not agree."""
    rows = [(ONE, ONE, ""), (ONE, ONE, "再"), (TWO, TWO, "手"), (ONE, TWO, ""), (TWO, "NOREAD", ""), (TWO, "", "")]
    lines = [f"10:00,{letter},{envelope},{mark}" for letter, envelope, mark in rows]
    log = read(tmp_path, "\n".join(["日時,コード,封筒,区分", *lines]), NAMED)
    assert column(log, "agree") == [True, True, True, False, False, False]
    assert column(log, "other_1") == [1, 1, 2, 2, None, None]
    assert column(log, "rerun") == [False, True, False, False, False, False]
    assert column(log, "touched") == [False, False, True, False, False, False]


def test_the_same_file_twice_is_one_log(tmp_path: Path) -> None:
    """A log is known by its content, whatever its name."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(f"{ONE}\n")
    assert len(read_logs([tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "a.csv"], shape=BARE)) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "空です"), (b"\r\n \r\n", "空です"), ("日時,封筒,区分\n1,2,3\n".encode(), "コード"),
     ("日時,コード,封筒,区分\n".encode(), "記録がありません")],
)  # fmt: skip
def test_what_is_no_log_is_refused_in_clear_words(tmp_path: Path, content: bytes, words: str) -> None:
    """An empty log, one of another machine and one without scans say so; no path and no cell is in the message."""
    with pytest.raises(BadInput) as refused:
        read(tmp_path, content, NAMED)
    assert words in refused.value.message
    assert str(tmp_path) not in str(refused.value)


def test_a_missing_linked_or_too_large_log_is_refused(tmp_path: Path) -> None:
    """Only a plain file of at most the programme's size is read."""
    large, link = tmp_path / "large.csv", tmp_path / "link.csv"
    with large.open("wb") as file:
        file.truncate(2 << 20)
    link.symlink_to(large)
    for path in (tmp_path / "none.csv", tmp_path, link, large):
        with pytest.raises(BadInput):
            read_logs([path], shape=ScanLog(header=False, letter=1, size_limit_mib=1))


@pytest.mark.long
def test_a_log_of_200_megabytes_loses_no_line(tmp_path: Path) -> None:
    """Every line of a log far larger than any job is a scan."""
    lines = 5 << 20
    with (tmp_path / "log.csv").open("w") as file:
        for _part in range(1 << 10):
            file.write(f"{ONE},2026-11-20 10:00:00.000,normal,x\n" * (lines >> 10))
    assert (tmp_path / "log.csv").stat().st_size > 200_000_000
    [log] = read_logs([tmp_path / "log.csv"], shape=BARE)
    assert log.scans.height == lines
    assert log.scans["letter"].null_count() == 0


_CODES = st.one_of(
    st.builds(piece_code, st.integers(1, 9_999_999), st.one_of(st.none(), st.integers(2000, 2099))),
    st.from_regex(r"([0-9]{2}-?)?[0-9]{7}-?[0-9A-Z]{2}", fullmatch=True),
    st.text(max_size=14),
)


@given(st.lists(_CODES.map(lambda text: text.strip(' "\t\r')), max_size=30))
def test_a_column_is_read_as_each_of_its_codes_is(codes: list[str]) -> None:
    """Reading a whole column gives for every text what reading the one code gives, or nothing where that refuses."""
    assert piece_codes(pl.Series(codes, dtype=pl.String)).rows() == [by_definition(text) for text in codes]


def read_one(code: str) -> tuple[int | None, int | None]:
    [row] = piece_codes(pl.Series([code])).rows()
    return row


@given(st.integers(1, 9_999_999), st.one_of(st.none(), st.integers(2000, 2099)))
def test_the_code_of_a_piece_is_read_back(serial: int, year: int | None) -> None:
    """What is written is read, with and without the fiscal year."""
    assert read_one(piece_code(serial, year)) == (serial, year)


@given(st.integers(1, 9_999_999), st.integers(2000, 2099), st.data())
def test_a_code_with_one_wrong_or_two_swapped_characters_is_refused(
    serial: int, year: int, data: st.DataObject
) -> None:
    """ISO/IEC 7064 MOD 1271-36 finds every single wrong character and every swap of two neighbours."""
    code = piece_code(serial, year).replace("-", "")
    at = data.draw(st.integers(0, len(code) - 1))
    wrong = data.draw(st.sampled_from([it for it in ("0123456789" if at < 9 else CHARACTERS) if it != code[at]]))
    swapped = code[: at - 1] + code[at] + code[at - 1] + code[at + 1 :] if at else code
    for damaged in {code[:at] + wrong + code[at + 1 :], swapped} - {code}:
        assert read_one(damaged) == (None, None)
