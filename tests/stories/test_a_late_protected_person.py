"""Meguro, 2025: a list made in April did not know of the request of 8 May, and the address was given out.

Three people come under protection after the extraction, one before each of the three re-checks. What the register
section brings is its present list of protected 宛名番号; what follows is said by the real command.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playing import CYCLE, Played, begun
from telling import COMMAND, text_of

from adapters.package import open_package
from models.database import reading
from models.package import FILE
from steps.transfer import PASSWORD

pytestmark = pytest.mark.xdist_group("meguro")


@pytest.fixture(scope="module")
def year(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Give the year on the morning of the sealing; the story goes on in its one order."""
    with begun(template_home, tmp_path_factory.mktemp("meguro") / "year") as year:
        year.play(before="recheck_before_sealing")
        yield year


def _says(year: Played, *arguments: object, status: int = 0) -> str:
    """Run the command as the register section does, and return both of its streams."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TSUDOI_", "PREFECT_"))}
    here = {"TSUDOI_HOME": str(year.office.home), "TSUDOI_INBOX": str(year.folder / "inbox")}
    done = subprocess.run(
        [COMMAND, *map(str, arguments)], env=kept | here, capture_output=True, text=True, check=False, cwd=year.folder
    )
    said = done.stdout + done.stderr
    assert done.returncode == status, said
    return said


def _recheck(year: Played, *numbers: str) -> str:
    present = year.folder / "protected.csv"
    present.write_text("\n".join(("宛名番号", *year.marked(), *numbers)) + "\n", encoding="utf-8")
    return _says(year, "extract", "recheck", present, "--year", 2026, "--by", "watanabe")


def _state_of(year: Played, serial: int) -> str:
    with reading(year.office.engine) as connection:
        pieces = year.office.door.facts(connection, CYCLE).pieces
        return next(state for state in pieces.by_state() if serial in pieces.serials(state))


def _act(year: Played, act: str, *fields: str, status: int = 0) -> str:
    sets = [word for field in fields for word in ("--set", field)]
    return _says(year, "act", 2026, act, "--by", "sato", *sets, status=status)


def _enclosed(year: Played) -> int:
    with reading(year.office.engine) as connection:
        return year.office.door.facts(connection, CYCLE).pieces.count("enclosed")


def _post(year: Played, status: int) -> str:
    fields = (
        f"accepted={_enclosed(year)}", "office=新宿郵便局", f"posted_on={year.now.date()}", "slip=差出票 1",
        "giver=sato", "locked_bag=true",
    )  # fmt: skip
    return _act(year, "post", *fields, status=status)


def test_a_late_protected_person_is_never_posted(year: Played) -> None:
    """Each re-check finds who is new; the first does not leave the ward, no letter of the others can be posted."""
    people: list[Any] = year.addressees()
    first, second, third = people[3], people[11], people[20]

    # Just before the medium is made.
    said = _recheck(year, first.number)
    assert "支援措置再確認（媒体作成直前）" in said
    assert "2 行のうち、今年度の対象者は 1 名" in said
    assert first.name not in said
    assert str(first.number) not in said
    year.seal()
    password = year.office.vault(CYCLE).read(PASSWORD).decode()
    sealed = open_package(year.office.outgoing(CYCLE, "7z"), password=password)[FILE].decode("utf-8-sig")
    assert first.name not in sealed
    assert second.name in sealed

    # Before the enclosing: the contractor has the letter by now.
    year.play(before="recheck_before_enclosing")
    said = _recheck(year, first.number, second.number)
    assert "支援措置再確認（封入前）" in said
    assert "3 行のうち、今年度の対象者は 1 名" in said
    refused = _says(year, "act", 2026, "issue_pull_list", "--by", "watanabe", "--set", "pulled=", "--set", "reasons={}",
                    "--set", f"rechecked_on={year.now.date()}", status=2)  # fmt: skip
    assert f"[{second.serial}]" in refused
    _says(year, "extract", "pull-list", 2026, "--by", "watanabe")
    paper = text_of(year.office.papers / "pull-list-1.pdf")
    assert f"{second.serial:07}" in paper
    assert "支援" not in paper
    assert "保護" not in paper

    # On the day of posting: everything is approved, and the post office waits.
    year.play(before="recheck_before_posting")
    assert "差出当日" in _post(year, status=2)  # without a re-check of the day nothing is posted
    said = _recheck(year, first.number, second.number, third.number)
    assert "支援措置再確認（差出当日）" in said
    assert "4 行のうち、今年度の対象者は 1 名" in said
    refused = _post(year, status=2)
    assert str(third.serial) in refused
    assert "支援措置" in refused
    assert third.name not in refused
    _says(year, "extract", "pull-list", 2026, "--by", "watanabe")
    assert "最終" in _post(year, status=2)  # the contractor has not answered yet
    year.do("acknowledge_final_pull_list")
    year.do("approve_posting")
    _recheck(year, first.number, second.number, third.number)
    _post(year, status=0)
    assert {_state_of(year, it.serial) for it in (first, second, third)} == {"pulled"}
    assert _state_of(year, people[40].serial) == "posted"
