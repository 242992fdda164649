"""`tsudoi extract recheck --pull-list`: one command of a person, an entry for each act, and the system's own answer."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playing import YEAR, Played, begun
from speaking import Said, Tsudoi

from models.people import SYSTEM
from rehearsal.cast import REGISTRAR


@pytest.fixture(scope="module")
def printed(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Give a year whose letters are printed, on the day of the re-check before they are enclosed."""
    with begun(template_home, tmp_path_factory.mktemp("printed") / "year") as year:
        year.play(before="recheck_before_enclosing")
        yield year


def _rechecked(year: Played, tsudoi: Tsudoi, *more: object, also: str = "") -> Said:
    """Bring the register's present list: whoever the extract marked, and the number of somebody else."""
    path = year.folder / "protected.csv"
    path.write_text("\n".join(("宛名番号", *year.marked(), *([also] if also else []))) + "\n", encoding="utf-8")
    return tsudoi("extract", "recheck", path, "--year", YEAR, "--by", REGISTRAR, "--pull-list", *more)


def test_an_empty_list_is_answered_by_the_system(year: Played, tsudoi: Tsudoi) -> None:
    """Nobody is to be pulled: the re-check and the list are the registrar's entries, the answer is the system's."""
    before = len(year.entries())
    said = _rechecked(year, tsudoi)
    assert said.status == 0
    assert ("引抜きリスト第1回" in said.out, said.err.count("print")) == (True, 0)
    recheck, issued, answer = year.entries()[before:]
    assert [(it["event"], it["by"]) for it in (recheck, issued, answer)] == [
        ("protection_rechecked_before_enclosing", REGISTRAR), ("pull_list_issued", REGISTRAR),
        ("pull_list_acknowledged", SYSTEM),
    ]  # fmt: skip
    assert issued["data"]["entered_with"] == recheck["seq"]
    assert (issued["data"]["record"]["pulled"], answer["data"]["record"]["pulled"]) == ("", "")


def test_a_list_with_a_serial_waits_for_the_contractor(year: Played, tsudoi: Tsudoi) -> None:
    """Somebody came under protection and another serial is named beside: both stand on the list, nobody answered it."""
    found, other = year.addressees()[:2]
    before = len(year.entries())
    said = _rechecked(year, tsudoi, "--pull", f"r3={other.serial}", "--json", also=found.number)
    assert (said.status, json.loads(said.out)["issued"]) == (0, "issue_pull_list")
    recheck, issued = year.entries()[before:]
    assert issued["data"]["record"]["reasons"] == {"r1": 1, "r3": 1}
    assert found.number not in said.out + said.err + json.dumps([recheck, issued])
    assert "acknowledge_pull_list" not in year.facts().done


def test_a_re_check_whose_list_is_refused_is_not_recorded(year: Played, tsudoi: Tsudoi) -> None:
    """Both or none: a serial that is not of this year takes back the re-check, and the refusal says so."""
    before = year.events()
    said = _rechecked(year, tsudoi, "--pull", "r3=9999")
    assert said.status == 2
    assert "一件も記録されていません" in said.err
    assert year.events()[len(before) :] == ["act_refused"]
