"""Closing too early: `tsudoi next`, `tsudoi cycle show` and the board say which slips are to be filed, and how."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playing import CYCLE, YEAR, Played, begun
from speaking import Tsudoi

from rehearsal import cast
from views import board, standing

NO_LINKS = board.Links(page_at="", desk="")
RETURNED, DESTROYED = f"K-{YEAR}-06", f"K-{YEAR}-07"  # what moves after the papers of the year were filed


@pytest.fixture
def year(template_home: Path, tmp_path: Path, at_home: Callable[[Path], None]) -> Iterator[Played]:
    with begun(template_home, tmp_path / "year") as year:
        at_home(year.office.home)
        year.play(before="close")
        yield year


def _shown(year: Played, tsudoi: Tsudoi) -> list[str]:
    """Return what a person sees before the close, without spaces and line breaks."""
    page = year.office.see(CYCLE, lambda here: board.page(here, standing.standing(here), (), NO_LINKS).markdown)
    return ["".join(said.split()) for said in (tsudoi("next").out, tsudoi("cycle", "show", YEAR).out, page)]


def test_who_closes_too_early_is_told_which_slips_to_file(year: Played, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """Each slip is named with what to do, and is there to be stamped; once they are filed nothing is warned of."""
    for said in _shown(year, tsudoi):
        assert all(words in said for words in (RETURNED, DESTROYED, "押印", "写しを登録する", "警告が管理簿に残り"))
    slips = json.loads(tsudoi("cycle", "slips", YEAR, "--json").out)["slips"]
    assert all((year.office.papers / it["file"]).is_file() for it in slips if it["slip"] in {RETURNED, DESTROYED})
    owed = {act["act"]: act for act in json.loads(tsudoi("next", "--json").out)}
    assert owed["close"]["blocked_by"] == []  # no refusal brings a paper that was lost

    scan = tmp_path / "scan.txt"
    scan.write_text("押印した票", encoding="utf-8")
    named = ("--slip", RETURNED, "--slip", DESTROYED, "--dated", year.now.date(), "--by", cast.COORDINATOR)
    assert tsudoi("documents", YEAR, "--file", scan, "--number", 8, *named).status == 0
    assert not any("警告が管理簿に残り" in said for said in _shown(year, tsudoi))
    closed = tsudoi("act", YEAR, "close", "--by", cast.COORDINATOR, "--set", f"keep_until={YEAR + 6}-03-31", "--json")
    assert json.loads(closed.out)["warnings"] == []
