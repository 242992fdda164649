"""The flows as they run: what they do, how a refusal looks, and what Prefect never gets to know."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Prefect, go_to
from playing import Played
from receivers import Post, free_port, mail_server
from sqlalchemy import func, select
from sqlmodel import col

from models import tables
from models.clock import TOKYO
from models.database import reading
from models.words import translate
from rehearsal import cast
from rehearsal.cast import Scene
from states.reading import aware
from steps import preparation
from steps.office import Office
from views import reminders
from views.standing import state_title

pytestmark = pytest.mark.xdist_group("prefect")

CLAIM = {"act": "claim_measures", "fields": {"measures": ["W-OP-01"], "evidence": "契約書"}}
CONTRACT = {
    "act": "conclude_contract",
    "fields": {
        "contract_number": "2026-総総-0101", "begins_on": "2026-10-01", "ends_on": "2027-01-31",
        "special_provisions_attached": True, "certificate_number": "1", "certificate_until": "2027-03-31",
        "decision_number": "8-総総-101", "approved_on": "2026-09-01",
    },
}  # fmt: skip
INCIDENT = {"act": "report_incident", "fields": {"kind": "loss", "known_on": "2026-09-07"}}


def run(prefect: Prefect, act: dict[str, Any], **more: Any) -> Any:
    """Have an act recorded as a script does, and return the run's last state."""
    asked = {"year": 2026, "by": "sato", **act, **more}
    return prefect.flow_module("record").enter(**asked, return_state=True)


def entries(office: Office) -> list[str]:
    with reading(office.engine) as connection:
        return list(connection.execute(select(col(tables.Ledger.event)).order_by(col(tables.Ledger.seq))).scalars())


def count(office: Office, kind: type) -> int:
    with reading(office.engine) as connection:
        return connection.execute(select(func.count()).select_from(kind)).scalar_one()


def cycle_state(office: Office) -> str:
    with reading(office.engine) as connection:
        return connection.execute(select(col(tables.Cycle.state))).scalar_one()


def test_recording_does_the_act(prefect: Prefect, opened: Office) -> None:
    """行為の記録 does an act of the table and says in which state the year is afterwards."""
    state = run(prefect, CLAIM)
    assert state.is_completed()
    assert state_title("planned") in state.message
    assert entries(opened)[-1] == "measures_claimed"


def test_a_refusal_is_a_run_that_lists_what_is_missing(prefect: Prefect, opened: Office) -> None:
    """A refused act is a run named 未記録, and no failed one, which lists every unmet guard; only the ledger grows."""
    before = entries(opened)
    state = run(prefect, CONTRACT)
    assert (state.is_completed(), state.name) == (True, "未記録")
    assert "契約締結" in state.message
    assert "\n  - " in state.message
    assert "W-OP-01" in state.message
    assert cycle_state(opened) == "planned"
    added = entries(opened)[len(before) :]
    assert len(added) == 1
    assert "refused" in added[0]


def test_wrong_fields_are_named_without_their_values(prefect: Prefect, opened: Office) -> None:
    """An act with a wrong field is not recorded: its run names the field and never repeats its value."""
    fields = {**CONTRACT["fields"], "begins_on": "ヒミツノアタイ"}
    state = run(prefect, {"act": "conclude_contract", "fields": fields})
    assert (state.is_completed(), state.name) == (True, "未記録")
    assert "begins_on" in state.message
    assert "ヒミツノアタイ" not in state.message


def test_a_double_submission_is_one_act(prefect: Prefect, opened: Office) -> None:
    """The same twice on a day is one act, and the second run says so; with a key of its own it is another."""
    assert run(prefect, CLAIM).is_completed()
    assert "既に行われています" in run(prefect, CLAIM).message
    assert entries(opened).count("measures_claimed") == 1
    assert run(prefect, CLAIM, key="2").is_completed()
    assert entries(opened).count("measures_claimed") == 2


def test_it_is_recorded_as_a_script_entered_it(prefect: Prefect, opened: Office) -> None:
    """The record says that a script brought it, and when it happened: in Tokyo, where no other time is said."""
    assert run(prefect, CLAIM, occurred_at=datetime.fromisoformat("2026-09-04T10:00")).is_completed()
    with reading(opened.engine) as connection:
        record = connection.execute(select(tables.Record)).one()
    assert (record.act, record.by, record.via) == ("claim_measures", "sato", "script")
    assert aware(record.occurred_at) == datetime(2026, 9, 4, 10, tzinfo=TOKYO)


def test_what_follows_an_act_follows_it(prefect: Prefect, opened: Office) -> None:
    """An incident that a script enters is followed by its three papers, as one entered at the desk is."""
    assert run(prefect, INCIDENT).is_completed()
    papers = {path.name for path in opened.papers.iterdir()}
    assert papers == {"incident-1-report.pdf", "incident-1-notice.pdf", "incident-1-publication.pdf"}


def test_a_script_asks_the_machine_to_work_and_brings_it_no_figures(
    prefect: Prefect, opened: Office, tmp_path: Path
) -> None:
    """The machine's own act is done by its task once it may be; figures for it, and a list, are refused in words."""
    year = Played(folder=tmp_path / "office", office=opened)
    year.play(before="seal_package")
    seal = {"act": "seal_package", "by": "watanabe"}
    for act, fields in (("seal_package", {"records": 1}), ("recheck_before_sealing", {})):
        refused = run(prefect, {"act": act, "by": "watanabe", "fields": fields})
        assert (refused.name, "数字は機械が出します" in refused.message) == ("未記録", True), refused.message
    assert run(prefect, seal).name == "Completed"
    assert entries(opened).count("package_sealed") == 1


def test_what_two_must_do_is_only_proposed(prefect: Prefect, opened: Office, tmp_path: Path) -> None:
    """A script proposes an act of two people; nothing in the dashboard confirms it."""
    year = Played(folder=tmp_path / "office", office=opened)
    year.play(before="extract")
    state = year.facts().state
    fields = cast.fields("extract", Scene(office=opened, facts=year.facts(), printer=year.printer))
    assert run(prefect, {"act": "extract", "by": "watanabe", "fields": fields}).is_completed()
    assert year.facts().state == state
    assert not hasattr(prefect.flow_module("record"), "confirm")


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"by": "nobody"}, "関係者名簿"), ({"year": 2031}, "2031"), ({"act": "himitsu"}, "手続"),
     ({"fields": {**CONTRACT["fields"], "himitsu": "1"}}, "himitsu"), ({"programme": "himitsu"}, "業務")],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(
    prefect: Prefect, opened: Office, changed: dict[str, Any], said: str
) -> None:
    """Unknown persons, acts and programmes, years that are not open and strange fields are refused, no run failed."""
    state = run(prefect, CONTRACT | changed)
    assert (state.is_completed(), state.name) == (True, "未記録")
    assert said in state.message
    assert "nobody" not in state.message
    assert "contract_concluded" not in entries(opened)


def test_what_an_unforeseen_error_says_reaches_nobody(
    prefect: Prefect, opened: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An unforeseen error crashes its run with its type and place; what it said is in no file of Prefect and no log."""

    def quote_a_resident(*_args: object, **_kwargs: object) -> None:
        name = "佐藤 花子"
        raise ValueError(name)

    assert run(prefect, CONTRACT).name == "未記録"
    monkeypatch.setattr(prefect.flow_module("record").acting, "enter", quote_a_resident)
    monkeypatch.setattr("steps.reminding.watch", quote_a_resident)
    by_flow, by_task = run(prefect, CLAIM), prefect.flow_module("reminding").morning(return_state=True)
    assert by_flow.is_crashed()
    assert by_task.is_failed()
    assert "ValueError" in by_flow.message
    assert "ValueError" in by_task.message
    send_the_logs()

    written = everything_in(prefect.database.parent, prefect.folder, opened.home)
    assert is_in("契約締結", written), "the scan sees Japanese where Prefect keeps it"
    assert written.count(b"ValueError") >= 2
    assert "ValueError" in caplog.text
    for needle in ("佐藤 花子", "花子"):
        assert not is_in(needle, written)
        assert not is_in(needle, caplog.text.encode())


def test_the_watch_reminds_of_what_is_due(prefect: Prefect, opened: Office) -> None:
    """朝の点検 flags what has come to its day and writes to whoever owes it, once: one letter a person."""
    go_to(opened, 2026, 10, 1)
    morning = prefect.flow_module("reminding").morning
    first = morning()
    sent = count(opened, tables.Reminder)
    with reading(opened.engine) as connection:
        written_to = connection.execute(select(func.count(col(tables.Reminder.to_person).distinct()))).scalar_one()
    assert 1 <= written_to < sent
    assert f"督促・通知 {written_to} 件" in first
    assert "reminder_sent" in entries(opened)
    assert "督促・通知 0 件" in morning()
    assert count(opened, tables.Reminder) == sent


def test_a_run_opens_the_office_once(prefect: Prefect, opened: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A morning, its tasks and the flows within it share one office; the next run opens its own, which looks anew."""
    offices = list[Office]()
    monkeypatch.setattr(Office, "open", lambda: offices.append(Office(opened.settings)) or offices[-1])
    morning = prefect.flow_module("reminding").morning
    morning()
    assert len(offices) == 1
    morning()
    assert len(offices) == 2


def test_the_watch_is_silent_on_a_closed_day(prefect: Prefect, opened: Office) -> None:
    """On a Saturday nothing is written to anybody, however late an act is."""
    go_to(opened, 2026, 10, 3)
    assert prefect.flow_module("reminding").morning() == translate("The office is closed today.", "ja")
    assert count(opened, tables.Reminder) == 0


def test_what_could_not_go_in_the_morning_goes_within_the_hour(
    prefect: Prefect, opened: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """督促の送り直し says what waits while the mail server is away, sends it once it is back, and then nothing more."""
    port = free_port()
    monkeypatch.setenv("TSUDOI_MAIL", f"smtp://127.0.0.1:{port}")
    flows = prefect.flow_module("reminding")
    go_to(opened, 2026, 9, 28)
    assert "督促・通知 0 件" in flows.morning()
    waiting = flows.carry(return_state=True)
    with mail_server(Post(), port) as post:
        states = [flows.carry(return_state=True) for _hour in range(2)]
    assert (waiting.is_completed(), waiting.name) == (True, "送付待ちあり")
    assert [state.name for state in states] == ["Completed", "Completed"]
    subjects = [str(letter["Subject"]) for letter in post.letters]
    assert subjects == ["【つどい】朝の点検　異状ありません、期限のある手続 1件"] * 2, "one letter to each coordinator"


def test_a_wrong_setting_of_mail_holds_up_no_other_work_of_the_morning(
    prefect: Prefect, opened: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The morning fails with the setting's name in its words; the board is written all the same."""
    go_to(opened, 2026, 10, 2)
    monkeypatch.setenv("TSUDOI_MAIL", "ftp://127.0.0.1")
    state = prefect.flow_module("reminding").morning(return_state=True)
    assert state.is_failed()
    assert "TSUDOI_MAIL" in state.message
    pages = prefect.flow_module("board").changed_pages(opened, "hatachi-2026")
    assert not pages


def test_nobody_is_reminded_of_what_the_machine_does_this_morning(
    prefect: Prefect, office: Office, tmp_path: Path
) -> None:
    """On the day the ward's data are due to be erased the machine erases them first, and no letter asks for it."""
    preparation.open_year(office, 2026)
    year = Played(folder=tmp_path / "office", office=office)
    year.play(before="erase_ward_data")
    due = year.facts().due["erase_ward_data"]
    go_to(office, due.year, due.month, due.day)
    assert prefect.flow_module("reminding").morning(return_state=True).is_completed()
    assert "erase_ward_data" in year.facts().done
    rows = office.see("hatachi-2026", reminders.reminders_of)
    assert "erase_ward_data" not in {row.act for row in rows if row.rung >= 0}


def test_the_year_opens_once(prefect: Prefect, office: Office) -> None:
    """年度の開始 opens the year when its day has come, however often it runs, and not a day earlier."""
    begin_year = prefect.flow_module("year").begin_year
    go_to(office, 2026, 8, 31)
    assert begin_year() == translate("No fiscal year's opening day has come.", "ja")
    assert count(office, tables.Cycle) == 0
    go_to(office, 2026, 9, 10)
    assert [begin_year() for _ in range(2)] == [
        "hatachi-2026 を開きました。", translate("No fiscal year's opening day has come.", "ja")
    ]  # fmt: skip
    assert count(office, tables.Cycle) == 1
    assert sum("opened" in event for event in entries(office)) == 1


def test_nothing_of_a_run_is_kept_but_its_state(prefect: Prefect, opened: Office) -> None:
    """No result of a run is stored, and no flow or task caches anything."""
    assert run(prefect, CLAIM).is_completed()
    assert run(prefect, CONTRACT).is_completed()
    assert run(prefect, CONTRACT, key="again").name == "未記録"
    kept = list((prefect.folder / "storage").glob("*"))
    assert not kept
    for served in prefect.flow_module("deployments").TABLE:
        assert served.flow.persist_result is False


def send_the_logs() -> None:
    from prefect.logging.handlers import APILogWorker

    APILogWorker.instance().drain_all()


def is_in(text: str, written: bytes) -> bool:
    """Tell whether a text is there, as it is or as JSON escapes it."""
    return text.encode() in written or text.encode("unicode_escape") in written


def everything_in(*folders: Path) -> bytes:
    return b"".join(path.read_bytes() for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
