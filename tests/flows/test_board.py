"""The board as artifacts, the machine's work in a year's flow, and the flows of the clock, on a real Prefect API."""

import asyncio
import re
import sqlite3
from base64 import b64decode
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import Prefect, go_to
from lifting import lifted
from playing import Played
from sqlalchemy import select, update
from sqlmodel import col

from adapters.sample import sample_extract, write_sample
from models import tables
from models.clock import TOKYO
from models.database import reading
from models.errors import BadSetting
from steps import acting, driving, preparation
from steps.office import Office

pytestmark = pytest.mark.xdist_group("prefect")

MEASURES = {"measures": ["W-OP-01"], "evidence": "契約書"}


def versions(prefect: Prefect, key: str) -> list[Any]:
    from prefect import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])), limit=200)
    return sorted(found, key=lambda it: it.created)


def shown(prefect: Prefect, key: str = "hatachi-2026") -> str:
    return str(versions(prefect, key)[-1].data)


def look(prefect: Prefect) -> Any:
    """Run 年度業務 once; return its state, of which each stage's lines are a part."""
    return prefect.flow_module("year").year(2026, return_state=True)


def refresh(prefect: Prefect) -> None:
    assert not look(prefect).is_crashed()


def events(office: Office) -> list[str]:
    with reading(office.engine) as connection:
        return list(connection.execute(select(col(tables.Ledger.event)).order_by(col(tables.Ledger.seq))).scalars())


def test_the_board_says_where_the_year_stands(prefect: Prefect, opened: Office) -> None:
    """One artifact a cycle with a stable key says state, next step, who, due in 和暦 and ISO, and stage by stage."""
    go_to(opened, 2026, 9, 28)
    refresh(prefect)
    board = shown(prefect)
    for words in ("契約準備中", "次の手続: 契約締結", "総務課", "令和8年10月1日（木） 2026-10-01", "| 1 準備 | 待ち |"):
        assert words in board[:600]
    assert "この記録が示す対策: W-OP-01（「指導の内容" in board, "what the record must bring, so that none is claimed"
    assert "hatachi-2026" in shown(prefect, "tsudoi-index")


def test_the_pictures_are_images_in_data_addresses(prefect: Prefect, opened: Office) -> None:
    """The board carries its pictures inside: every dated act, the months in 和暦 and ISO, and no outside address."""
    refresh(prefect)
    svgs = [b64decode(code).decode() for code in re.findall(r"\(data:image/svg\+xml;base64,([^)]+)\)", shown(prefect))]
    states, dates = svgs
    assert "差出済" in states
    assert "令和8年11月" in dates
    assert "2026-11" in dates
    assert dates.count("<text") > 80
    assert "http" not in dates.replace("http://www.w3.org/2000/svg", "")


def test_only_a_change_is_a_new_version(prefect: Prefect, opened: Office) -> None:
    """A board that is asked for again is not written again; an act writes it once, and a new day alone does not."""
    go_to(opened, 2026, 9, 29)
    refresh(prefect)
    before = len(versions(prefect, "hatachi-2026"))
    refresh(prefect)
    assert len(versions(prefect, "hatachi-2026")) == before
    acting.perform(opened, "hatachi-2026", "claim_measures", by="sato", fields=MEASURES)
    refresh(prefect)
    assert len(versions(prefect, "hatachi-2026")) == before + 1
    go_to(opened, 2026, 9, 30)
    refresh(prefect)
    assert len(versions(prefect, "hatachi-2026")) == before + 1


def test_a_late_year_is_no_new_version_every_day(prefect: Prefect, opened: Office) -> None:
    """What is late stands on the page by its date, not by days that are counted: nor do commitments that it passes."""
    written = list[int]()
    for day in (10, 12):
        go_to(opened, 2027, 2, day)
        assert look(prefect).is_failed()
        written.append(len(versions(prefect, "hatachi-2026")))
    assert written[0] == written[1]
    assert "総務課の「契約締結」が遅れています（期限 令和8年10月1日（木））" in shown(prefect)
    assert "動かせない期日の超過" in shown(prefect)


def test_a_page_reads_no_other_year(prefect: Prefect, opened: Office) -> None:
    """A year that cannot be read spoils the index, which reads the dates of all, and no other year's page."""
    preparation.open_year(opened, 2027)
    with lifted(opened.engine) as connection:
        spoilt = update(tables.Cycle).where(col(tables.Cycle.id) == "hatachi-2027").values(programme_text="nonsense")
        connection.execute(spoilt)
    board = prefect.flow_module("board")
    with pytest.raises(BadSetting):
        board._index(opened)
    assert "契約準備中" in board._page(opened, "hatachi-2026").markdown


def test_links_lead_to_the_desk(prefect: Prefect, opened: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may be done now is a link to the desk, at the address that `tsudoi serve` or the settings have for it."""
    monkeypatch.setenv("TSUDOI_DESK", "http://127.0.0.1:4300/")
    _index, page = prefect.flow_module("board").pages(Office.open(), "hatachi-2026")
    assert "(http://127.0.0.1:4300/hatachi-2026/acts/conclude_contract)" in page.markdown


def test_no_name_stands_on_the_board(prefect: Prefect, opened: Office) -> None:
    """Ids of staff at most: no name of anybody on the register is in what Prefect keeps of the board."""
    go_to(opened, 2026, 10, 5)
    assert prefect.flow_module("reminding").morning(return_state=True).is_completed()
    refresh(prefect)
    said = shown(prefect) + shown(prefect, "tsudoi-index")
    assert "sato" in said, "a reminder names whom it went to by id"
    for person in preparation.everybody(opened):
        assert person.name not in said
        assert person.name.split()[0] not in said.replace("監査", "") or person.id == "kansa"


def test_the_morning_carries_its_flags(prefect: Prefect, opened: Office) -> None:
    """The morning's run is named after the worst flag and tagged with each, so that a filter finds a late morning."""
    go_to(opened, 2026, 9, 28)
    state = prefect.flow_module("reminding").morning(return_state=True)
    assert state.name == "期限間近"
    go_to(opened, 2026, 10, 2)
    state = prefect.flow_module("reminding").morning(return_state=True)
    assert state.is_completed()
    assert state.name == "期限超過"
    go_to(opened, 2026, 11, 24)
    state = prefect.flow_module("reminding").morning(return_state=True)
    assert state.name == "動かせない期日の超過"
    assert "契約期間の末日" in state.message
    go_to(opened, 2026, 10, 3)
    assert prefect.flow_module("reminding").morning(return_state=True).name == "Completed"


def test_the_closing_watch_names_what_is_open(prefect: Prefect, opened: Office) -> None:
    """In the last open week of December, and not before, it says what should be done before the year ends."""
    closing = prefect.flow_module("closing").watch_the_closing
    go_to(opened, 2026, 12, 21)
    assert closing(return_state=True).name == "Completed"
    go_to(opened, 2026, 12, 22)
    state = closing(return_state=True)
    assert state.name == "未了あり"
    assert "差出" in state.message
    refresh(prefect)
    assert "年内の未了" in shown(prefect)


def extract_into(office: Office, name: str, *, persons: int = 4000) -> Path:
    path = office.settings.inbox / name
    write_sample(sample_extract(fiscal_year=2026, persons=persons), path)
    return path


@pytest.fixture
def ready(office: Office, tmp_path: Path) -> Office:
    """Give the year at the point where the extract is awaited."""
    preparation.open_year(office, 2026)
    Played(folder=tmp_path / "office", office=office).play(before="take_extract")
    return office


def test_the_driver_judges_an_extract_without_a_name(prefect: Prefect, ready: Office) -> None:
    """An extract that nobody's name is on is judged, not taken: the run says the verdict and whom it waits for."""
    path = extract_into(ready, "extract.csv")
    state = look(prefect)
    assert state.is_completed()
    assert "受信箱の抽出ファイルの判定" in state.message
    assert "抽出担当による受入れを待っています" in state.message
    assert path.exists()
    assert "extract_taken" not in events(ready)


def test_the_driver_takes_an_extract_in_the_name_on_it(prefect: Prefect, ready: Office) -> None:
    """An extract whose file carries the id of a register officer is taken in that name; the inbox is empty then."""
    path = extract_into(ready, "extract.watanabe.csv")
    assert not look(prefect).is_crashed()
    assert not path.exists()
    with reading(ready.engine) as connection:
        record = connection.execute(select(tables.Record).where(col(tables.Record.act) == "take_extract")).one()
    assert (record.by, record.via) == ("watanabe", "inbox")


def test_a_name_that_may_not_take_it_is_no_name(prefect: Prefect, ready: Office) -> None:
    """A coordinator's id on the file does not make the machine take it."""
    path = extract_into(ready, "extract.sato.csv")
    assert not look(prefect).is_crashed()
    assert path.exists()


def test_a_refused_extract_is_said_by_its_stage_and_tried_once(prefect: Prefect, ready: Office) -> None:
    """An extract that is refused is no failed run: its stage says so, and it is not tried again on that day."""
    extract_into(ready, "extract.watanabe.csv", persons=100)
    assert "抽出ファイルを受け入れられません" in look(prefect).message
    acting.perform(ready, "hatachi-2026", "claim_measures", by="sato", fields=MEASURES)
    assert "本日、受け入れられませんでした" in look(prefect).message
    assert events(ready).count("extract_refused") == 1


def test_the_driver_seals_for_whoever_rechecked(prefect: Prefect, office: Office, tmp_path: Path) -> None:
    """Once the protected persons are re-checked the package is sealed by itself, in the name of who re-checked."""
    preparation.open_year(office, 2026)
    played = Played(folder=tmp_path / "office", office=office)
    played.play(before="recheck_before_sealing")
    assert not look(prefect).is_crashed()
    assert "package_sealed" not in events(office)
    played.do("recheck_before_sealing")
    assert not look(prefect).is_crashed()
    assert not look(prefect).is_crashed()
    assert events(office).count("package_sealed") == 1
    with reading(office.engine) as connection:
        record = connection.execute(select(tables.Record).where(col(tables.Record.act) == "seal_package")).one()
    assert (record.by, record.via) == ("watanabe", "driver")


def test_the_driver_destroys_on_the_day_and_not_before(prefect: Prefect, office: Office, tmp_path: Path) -> None:
    """The ward's data are destroyed by the machine once their open day has come and the office is there."""
    preparation.open_year(office, 2026)
    played = Played(folder=tmp_path / "office", office=office)
    played.play(before="erase_ward_data")
    due = played.facts().due["erase_ward_data"]
    for at in (datetime(2027, 1, 21, 15, 0, tzinfo=TOKYO), datetime(due.year, due.month, due.day, 0, 1, tzinfo=TOKYO)):
        played.set_clock(at)
        assert not look(prefect).is_crashed()
        assert "ward_data_erased" not in events(office)
    played.set_clock(datetime(due.year, due.month, due.day, 9, 0, tzinfo=TOKYO))
    assert not look(prefect).is_crashed()
    assert events(office).count("ward_data_erased") == 1


def test_an_extract_for_one_of_two_years_waits(ready: Office) -> None:
    """Where two years wait for an extract, one in the inbox is left to a person even with a name on it."""
    extract_into(ready, "extract.watanabe.csv")
    (one,) = [it for it in driving.work(ready) if it.act == "take_extract"]
    assert one.may_be_done
    both = driving._unless_it_might_be_anybodys([one, replace(one, cycle_id="hatachi-2027", year=2027)])
    assert not any(it.may_be_done for it in both)


def vacuum(prefect: Prefect, run: str) -> None:
    """Let a run have ended before what is kept, and do what Prefect's server does each hour and each day."""
    from prefect.server.database import provide_database_interface
    from prefect.server.services import db_vacuum

    async def do() -> None:
        for task in (
            db_vacuum.vacuum_old_flow_runs, db_vacuum.vacuum_orphaned_logs, db_vacuum.vacuum_orphaned_artifacts,
            db_vacuum.vacuum_stale_artifact_collections,
        ):  # fmt: skip
            await task(db=provide_database_interface())

    with closing(sqlite3.connect(prefect.database, timeout=60)) as database, database:
        ended = (datetime.now(UTC) - timedelta(days=401)).isoformat(sep=" ")
        assert database.execute("UPDATE flow_run SET end_time = ? WHERE id = ?", (ended, run)).rowcount == 1
    asyncio.run(do())


def test_old_versions_of_the_board_go_and_every_page_stays(prefect: Prefect, opened: Office) -> None:
    """What runs wrote that are no longer kept is deleted; a page that nothing has changed since is written anew."""
    refresh(prefect)
    old, index = versions(prefect, "hatachi-2026")[-1], shown(prefect, "tsudoi-index")
    acting.perform(opened, "hatachi-2026", "claim_measures", by="sato", fields=MEASURES)
    refresh(prefect)
    new = versions(prefect, "hatachi-2026")[-1]
    vacuum(prefect, str(old.flow_run_id))
    assert old.id not in {it.id for it in versions(prefect, "hatachi-2026")}
    assert shown(prefect) == new.data != old.data
    assert [it.key for it in prefect.flow_module("board").changed_pages(opened, "hatachi-2026")] == ["tsudoi-index"]
    refresh(prefect)
    assert shown(prefect, "tsudoi-index") == index
