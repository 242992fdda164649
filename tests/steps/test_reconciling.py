"""Reconciling: what the join says is what a patient person would say who goes through the scans one by one."""

from collections import Counter
from fractions import Fraction
from itertools import combinations
from math import comb
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.scanlog import Log, read_logs
from models.errors import BadInput
from models.programme import ScanLog
from models.serials import compact, count, expand, piece_code
from steps.enclosing import trays_of
from steps.reconciling import Reconciliation, joined
from views.counting import most_wrong

YEAR = 2026
SHAPE = ScanLog(header=False, letter=1, others=(2,), mark=3, time=4, rerun=("R",), touched=("T",))
Scan = tuple[int, int, str]  # letter, envelope (0: not readable), mark


def log_of(folder: Path, *files: list[Scan], seconds: int = 0) -> tuple[Log, ...]:
    """Write logs, a second a scan, and read them."""
    paths: list[Path] = []
    for number, scans in enumerate(files):
        rows = [
            f"{code(letter)},{code(envelope)},{mark},{at // 60:02}:{(at + seconds) % 60:02}"
            for at, (letter, envelope, mark) in enumerate(scans)
        ]
        paths.append(folder / f"log-{number}.csv")
        paths[-1].write_text("\n".join(rows) + "\n")
    return read_logs(paths, shape=SHAPE)


def code(serial: int) -> str:
    return piece_code(serial, YEAR) if serial else "NOREAD"


def found(
    logs: tuple[Log, ...], *, expected: str, pulled: str = "", trays: dict[str, str] | None = None
) -> Reconciliation:
    return joined(logs, trays=trays or {}, expected=expected, pulled=pulled, fiscal_year=YEAR)


def by_hand(scans: list[Scan], expected: set[int], pulled: set[int]) -> dict[str, str | int]:
    """Go through the scans one by one."""
    readable = [scan for scan in scans if scan[0]]
    mended = {letter for letter, envelope, mark in readable if letter == envelope and mark == "R"}
    apart = [scan for scan in readable if scan[0] != scan[1] and scan[0] not in mended]
    mispaired = {serial for letter, envelope, _mark in apart for serial in (letter, envelope) if serial}
    first = Counter(letter for letter, _envelope, mark in readable if mark != "R")
    seen = {scan[0] for scan in readable}
    return {
        "scans": len(scans),
        "sealed": compact((seen & expected) - mispaired),
        "reruns": sum(mark == "R" for _letter, _envelope, mark in readable),
        "missing": compact(expected - seen),
        "doubled": compact(serial for serial, times in first.items() if times > 1),
        "alien": compact(seen - expected - pulled),
        "though_pulled": compact((seen - expected) & pulled),
        "mispaired": compact(mispaired),
        "touched": compact(letter for letter, _envelope, mark in readable if mark == "T"),
        "unreadable": len(scans) - len(readable),
    }


scan = st.tuples(st.integers(1, 14), st.just(-1), st.sampled_from(["", "", "", "R", "T"])).flatmap(
    lambda it: st.sampled_from([it[0], it[0], it[0], 0, 3]).map(lambda envelope: (it[0], envelope, it[2]))
)
scans_of_a_day = st.lists(st.one_of(scan, scan, st.just((0, 0, ""))), min_size=1, max_size=40)


@given(scans_of_a_day, st.sets(st.integers(15, 20)))
def test_the_join_says_what_going_through_one_by_one_says(
    tmp_path_factory: pytest.TempPathFactory, scans: list[Scan], more: set[int]
) -> None:
    """Sealed, missing, double, alien, pulled, mispaired, touched and unreadable are those of a plain loop."""
    expected, pulled = {*range(1, 12), *more}, {12}
    ours = sum(letter in expected for letter, _envelope, _mark in scans)
    if ours * 2 < sum(letter > 0 for letter, _envelope, _mark in scans) or not ours:
        return  # a log of another job, which has a test of its own
    result = found(log_of(tmp_path_factory.mktemp("scans"), scans), expected=compact(expected), pulled=compact(pulled))
    told = result.record.model_dump()
    assert {key: told[key] for key in by_hand(scans, expected, pulled)} == by_hand(scans, expected, pulled)


def test_the_same_scan_in_two_logs_is_one_scan(tmp_path: Path) -> None:
    """A log that goes on where an earlier export ended holds the earlier scans too; none of them is a double."""
    early: list[Scan] = [(1, 1, ""), (2, 2, ""), (0, 0, ""), (0, 0, "")]
    result = found(log_of(tmp_path, early, [*early, (3, 3, "")]), expected="1-3")
    assert (result.record.sealed, result.record.doubled) == ("1-3", "")
    assert (result.record.scans, result.record.unreadable, result.repeated) == (5, 2, 4)


def test_a_serial_scanned_twice_in_one_log_is_double_even_in_the_same_second(tmp_path: Path) -> None:
    """Two equal rows of one log are two scans; a re-run that is marked is none."""
    (tmp_path / "log.csv").write_text(f"{code(1)},{code(1)},,10:00\n" * 2 + f"{code(2)},{code(2)},,10:01\n")
    with (tmp_path / "log.csv").open("a") as file:
        file.write(f"{code(2)},{code(2)},R,10:02\n")
    result = found(read_logs([tmp_path / "log.csv"], shape=SHAPE), expected="1-2")
    assert (result.record.doubled, result.record.sealed, result.record.reruns) == ("1", "1-2", 1)


def test_an_unreadable_scan_is_placed_between_its_neighbours(tmp_path: Path) -> None:
    """Log, line and the serials before and after it say which piece to open."""
    result = found(log_of(tmp_path, [(1, 1, ""), (0, 0, ""), (3, 3, ""), (0, 0, "")]), expected="1-3")
    assert [(it.log, it.line, it.after, it.before) for it in result.unread] == [(1, 2, 1, 3), (1, 4, 3, 0)]
    assert result.record.missing == "2"


def test_trays_counted_by_hand_are_reconciled_as_scans_are(tmp_path: Path) -> None:
    """Serial ranges by tray name what is missing, in two trays, or not ours; with a log beside them they add up."""
    result = found((), expected="1-10", pulled="7", trays={"A": "1-5", "B": "5-7,9,11"})
    told = result.record
    assert (told.missing, told.doubled, told.though_pulled, told.alien) == ("8,10", "5", "", "11")
    mixed = found(log_of(tmp_path, [(1, 1, ""), (2, 2, "")]), expected="1-4", trays={"A": "3-4"})
    assert mixed.holds
    assert (mixed.record.scans, mixed.record.trays, len(mixed.record.logs)) == (4, 1, 1)


@pytest.mark.parametrize(
    ("serials", "year", "words"), [((1, 2, 3), 2025, "2025"), ((71, 72, 3), YEAR, "2"), ((), 0, "")]
)
def test_a_log_of_another_year_or_job_is_refused_in_clear_words(
    tmp_path: Path, serials: tuple[int, ...], year: int, words: str
) -> None:
    """Mostly last year's codes, mostly serials that are not to be sealed, or no code at all: nothing is counted."""
    rows = [f"{piece_code(serial, year)},," for serial in serials] or ["NOREAD,,", "x,,"]
    (tmp_path / "log.csv").write_text("\n".join(rows))
    with pytest.raises(BadInput) as refused:
        found(read_logs([tmp_path / "log.csv"], shape=SHAPE), expected="1-9")
    assert words in refused.value.message


def test_one_in_a_hundred_damaged_codes_loses_nothing(tmp_path: Path) -> None:
    """Each damaged code is counted and placed, its serial is missing, and every other serial is sealed."""
    scans: list[Scan] = [(0, 0, "") if serial % 100 == 0 else (serial, serial, "") for serial in range(1, 3001)]
    result = found(log_of(tmp_path, scans), expected="1-3000")
    assert result.record.unreadable == 30 == count(result.record.missing) == len(result.unread)
    assert count(result.record.sealed) == 2970
    assert all(it.after + 1 == it.before - 1 or not it.before for it in result.unread)


def test_trays_are_read_strictly() -> None:
    """A tray has a name and serials, and no name stands twice."""
    assert trays_of(["A=1-5", "B = 7"]) == {"A": "1-5", "B": " 7"}
    for wrong in (["A"], ["A="], ["=1-5"], ["A=x"], ["A=1", "A=2"]):
        with pytest.raises(BadInput):
            trays_of(wrong)


@given(st.integers(1, 9), st.data())
def test_the_bound_of_a_sampled_opening_is_exact(pieces: int, data: st.DataObject) -> None:
    """It is the largest number of wrong pieces under which every sample is counted out and not too rare."""
    opened = data.draw(st.integers(1, pieces))
    wrong = data.draw(st.integers(0, opened))
    possible: list[int] = []
    for of_all in range(wrong, pieces - (opened - wrong) + 1):
        samples = list(combinations(range(pieces), opened))
        so_few = sum(sum(piece < of_all for piece in sample) <= wrong for sample in samples)
        if Fraction(so_few, len(samples)) >= Fraction(1, 20):
            possible.append(of_all)
    assert most_wrong(pieces=pieces, opened=opened, wrong=wrong, confidence=0.95) == max(possible)


def test_twenty_opened_of_3872_leave_fewer_than_one_in_seven() -> None:
    """The known figure: 20 opened, none wrong, is 13.9 % at most with 95 % confidence; opening all leaves none."""
    most = most_wrong(pieces=3872, opened=20, wrong=0, confidence=0.95)
    assert 0.138 < most / 3872 < 0.1391
    assert comb(3872 - most, 20) / comb(3872, 20) >= 0.05 > comb(3872 - most - 1, 20) / comb(3872, 20)
    assert most_wrong(pieces=50, opened=50, wrong=3, confidence=0.95) == 3


def test_expected_serials_are_named_exactly(tmp_path: Path) -> None:
    """Serials with gaps are expected as they are: what lies in a gap is alien."""
    result = found(log_of(tmp_path, [(serial, serial, "") for serial in expand("1-4,6")]), expected="1-3,5-6")
    assert (result.record.missing, result.record.alien) == ("5", "4")
