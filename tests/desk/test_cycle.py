"""The desk through a year's first weeks: what is next, acts and confirmations, people, deadlines, reminders."""

import json
import shlex
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from speaking import Remembered, Tsudoi

from adapters.clock import VirtualClock
from adapters.programmes import measures_of
from models.clock import TOKYO

CYCLE = "hatachi-2026"
OWED = {"act", "title", "owner", "due_on", "days_left", "blocked_by"}
CLAIM = "act 2026 claim_measures --set evidence=点検表 --by {by} --set measures={measures}"
CONTRACT = (
    "act 2026 conclude_contract --by sato --set contract_number=8-1 --set begins_on=2026-10-01 "
    "--set ends_on=2026-12-25 --set special_provisions_attached=true "
    "--set certificate_number=1 --set certificate_until=2027-03-31 "
    "--set decision_number=8-総総-101 --set approved_on=2026-09-01"
)
READINESS = (
    "act 2026 confirm_readiness --by sato --set dummy_data_tested=true --set inspection_planned_on=2026-11-19 "
    "--set decision_number=8-総総-102 --set approved_on=2026-09-01"
)
CONTACTS = (
    "act 2026 confirm_contacts --by sato --set confirmed_with=asahi --set nights_and_holidays_covered=true "
    "--set business_flow_shared=true"
)
BY_ASAHI = "act --by asahi 2026"
UNTIL_READY = (
    CONTRACT,
    f"{BY_ASAHI} register_handlers --set handling_manager=asahi --set handlers=kobayashi --set subcontracting=none",
    f"{BY_ASAHI} declare_cloud_use --set server_place=東京都 --set under_japanese_law=true",
    f"{BY_ASAHI} submit_work_plan --set printing_from=2026-11-12 --set enclosing_until=2026-11-20 --set place=工場",
    CONTACTS,
    READINESS,
)


def _go_to(home: Path, day: date) -> None:
    VirtualClock(home / "clock").set(datetime(day.year, day.month, day.day, 10, tzinfo=TOKYO))


def _standing(tsudoi: Tsudoi) -> dict[str, Any]:
    return json.loads(tsudoi("cycle", "show", 2026, "--json").out)


def _claim_every_measure(tsudoi: Tsudoi) -> None:
    measures = measures_of("hatachi/measures.yaml")
    for side, by in (("W", "sato"), ("C", "asahi")):
        mine = ",".join(it.id for it in measures if it.id.startswith(side))
        assert tsudoi(*shlex.split(CLAIM.format(by=by, measures=mine))).status == 0


@pytest.fixture
def proposed(tsudoi: Tsudoi, home: Path) -> Path:
    """Bring the year through the desk alone to the proposal of the checked extract."""
    _go_to(home, date(2026, 10, 1))
    _claim_every_measure(tsudoi)
    for typed in UNTIL_READY:
        said = tsudoi(*shlex.split(typed))
        assert said.status == 0, said.err
    _go_to(home, date(2026, 11, 2))
    assert tsudoi("sample", home.parent / "inbox/extract.csv", "--year", 2026, "--persons", 40).status == 0
    said = tsudoi("extract", "take", "--year", 2026, "--by", "watanabe", "--expect", "1-100", "--json")
    assert said.status == 0, said.err
    exported = json.loads(said.out)["exported"]
    checked = f"act 2026 extract --by watanabe --set exported={exported} --set excluded=0 --set window_seen=true --json"
    said = tsudoi(*shlex.split(checked))
    assert said.status == 3, said.err
    assert json.loads(said.out)["waits_for"]
    return home


def test_the_standing_of_a_year_has_its_fixed_fields(tsudoi: Tsudoi, home: Path) -> None:
    """`cycle show --json` has year, state, on_hold, next, overdue and counts; an act owed has its six fields."""
    stands = _standing(tsudoi)
    assert {"year", "state", "on_hold", "next", "overdue", "counts"} <= set(stands)
    assert (stands["year"], stands["state"], stands["on_hold"], stands["overdue"]) == (2026, "planned", False, [])
    first = stands["next"][0]
    assert set(first) >= OWED
    assert (first["act"], first["title"], first["owner"]) == ("conclude_contract", "契約締結", "ward")
    assert (first["due_on"], first["days_left"]) == ("2026-10-01", 19)
    assert isinstance(first["blocked_by"], list)
    assert stands["counts"]["exported"] == 0


def test_todays_work_is_the_same_over_all_years(tsudoi: Tsudoi, home: Path) -> None:
    """`next --json` lists what is owed over all open years, what can be done before what is blocked."""
    tsudoi("cycle", "open", 2027)
    work = json.loads(tsudoi("next", "--json").out)
    assert {owed["year"] for owed in work} == {2026, 2027}
    assert all(set(owed) >= OWED for owed in work)
    assert [bool(owed["blocked_by"]) for owed in work] == sorted(bool(owed["blocked_by"]) for owed in work)


def test_a_person_sees_what_is_next_who_owes_it_and_what_the_record_shows(tsudoi: Tsudoi, home: Path) -> None:
    """The table for people shows state, act, owner, day and the measures of the record, in Japanese with 和暦."""
    said = tsudoi("cycle", "show", 2026)
    for words in ("令和8年度", "契約準備中", "令和8年9月1日（火）", "契約締結", "総務課", "2026-10-01"):
        assert words in said.out
    for told in (said, tsudoi("next")):
        assert "契約締結" in told.out
        assert "W-OP-01（「指導の内容" in " ".join(told.out.split())


def test_another_day_is_only_looked_at(tsudoi: Tsudoi, home: Path, remembered: Callable[[], Remembered]) -> None:
    """With --at a year shows what would be overdue on that day; nothing is written."""
    before = remembered()
    stands = json.loads(tsudoi("cycle", "show", 2026, "--json", "--at", "2026-10-06").out)
    assert [owed["act"] for owed in stands["overdue"]] == ["conclude_contract"]
    assert stands["overdue"][0]["days_left"] == -5
    assert "期限超過 5 日" in tsudoi("next", "--at", "2026-10-06").out
    assert remembered() == before


def test_a_late_year_is_red_at_the_desk(tsudoi: Tsudoi, home: Path) -> None:
    """`cycle show` and `next` say which day is passed, by how much, through which act, and how to decide on it."""
    told = json.loads(tsudoi("cycle", "show", 2026, "--json", "--at", "2026-12-01").out)["passed"]
    assert [it["key"] for it in told] == ["useful_posting", "ceremony", "contract_end", "approved_period"]
    assert {cause["act"] for it in told for cause in it["causes"]} == {"conclude_contract"}
    for said in (tsudoi("cycle", "show", 2026, "--at", "2026-12-01"), tsudoi("next", "--at", "2026-12-01")):
        for words in ("契約期間の末日", "2026-12-25", f"{told[2]['days']}日", "契約締結", "decide_late_plan"):
            assert words in said.out
    work = json.loads(tsudoi("next", "--json", "--at", "2026-12-01").out)
    assert {it["act"]: len(it["passes"]) for it in work if it["passes"]} == {"conclude_contract": 4}
    assert json.loads(tsudoi("cycle", "show", 2026, "--json").out)["passed"] == []


def test_opening_a_year_late_says_at_once_what_cannot_be_met(tsudoi: Tsudoi, home: Path) -> None:
    """A year that is opened after its ceremony says so in the same breath; one in time says nothing of it."""
    assert "期日" not in tsudoi("cycle", "open", 2027).out
    said = tsudoi("cycle", "open", 2025).out  # in September 2026
    for words in (
        "はたちのつどい当日",
        "契約期間の末日",
        "間に合いません",
        "契約締結",
        "tsudoi act 2025 decide_late_plan",
    ):
        assert words in said


def test_opening_a_year_twice_changes_nothing(tsudoi: Tsudoi, home: Path, remembered: Callable[[], Remembered]) -> None:
    """The first opening is new, the second says that it is open already, and both end well."""
    assert "開きました" in tsudoi("cycle", "open", 2027).out
    before = remembered()
    again = tsudoi("cycle", "open", 2027)
    assert again.status == 0
    assert "既に" in again.out
    assert remembered() == before
    assert [it["year"] for it in json.loads(tsudoi("cycle", "list", "--json").out)] == [2027, 2026]


def test_init_completes_and_never_repeats(tsudoi: Tsudoi, home: Path, remembered: Callable[[], Remembered]) -> None:
    """A second `init --sample` leaves database, keys as they are."""
    before, key = remembered(), (home / "keys/ledger.pem").read_bytes()
    assert tsudoi("init", "--sample").status == 0
    assert remembered() == before
    assert (home / "keys/ledger.pem").read_bytes() == key


def test_people_are_shown_and_entered(tsudoi: Tsudoi, home: Path, remembered: Callable[[], Remembered]) -> None:
    """A person entered stands on the register with side, roles and dates; the list shows whether there is a key."""
    roles, valid = "--role coordinator --role approver", "--from 2026-04-01 --to 2027-03-31"
    added = f"people add kato --name '加藤 花' --side ward {roles} {valid}"
    assert tsudoi(*shlex.split(added)).status == 0
    assert remembered().events[-1] == "person_registered"
    listed = tsudoi("people", "list", "--json").out
    (kato,) = [it for it in json.loads(listed) if it["id"] == "kato"]
    assert (kato["name"], kato["side"], sorted(kato["roles"])) == ("加藤 花", "ward", ["approver", "coordinator"])
    assert kato["public_key"] == ""
    assert tsudoi(*shlex.split(added)).status == 0
    assert remembered().events.count("person_registered") == 12
    assert "加藤 花" in tsudoi("people", "list").out


def test_an_act_without_a_person_shows_what_it_needs(
    tsudoi: Tsudoi, home: Path, remembered: Callable[[], Remembered]
) -> None:
    """Without --by an act shows who may do it, its fields and its conditions; nothing is written."""
    before = remembered()
    said = tsudoi("act", 2026, "conclude_contract")
    assert said.status == 0
    for words in ("契約締結", "担当者", "contract_number", "必須", "契約書に特記事項が添付されている"):
        assert words in said.out
    assert remembered() == before


def test_an_act_with_a_person_is_done_once(tsudoi: Tsudoi, home: Path, remembered: Callable[[], Remembered]) -> None:
    """An act moves the state and is told with its ledger entry; the same key again is a no-op that says so."""
    _claim_every_measure(tsudoi)
    said = tsudoi(*shlex.split(CONTRACT), "--key", "once")
    assert said.status == 0
    assert "契約締結済" in said.out
    before = remembered()
    again = tsudoi(*shlex.split(CONTRACT), "--key", "once", "--json")
    assert again.status == 0
    assert json.loads(again.out)["repeated"]
    assert remembered() == before
    assert _standing(tsudoi)["state"] == "contracted"


def test_a_file_of_evidence_is_kept_under_its_hash(tsudoi: Tsudoi, home: Path, tmp_path: Path) -> None:
    """--file keeps the file and records its hash; the name of the file is recorded nowhere."""
    (tmp_path / "契約書 田中.txt").write_bytes(b"signed")
    _claim_every_measure(tsudoi)
    assert tsudoi(*shlex.split(CONTRACT), "--file", f"contract={tmp_path / '契約書 田中.txt'}").status == 0
    (kept,) = (home / "evidence").iterdir()
    assert kept.read_bytes() == b"signed"
    (done,) = [it for it in json.loads(tsudoi("ledger", "show", "--json").out) if it["event"] == "contract_concluded"]
    assert done["data"]["record"]["contract"] == kept.name
    assert "田中" not in json.dumps(done, ensure_ascii=False)


def test_what_needs_four_eyes_waits_and_names_the_command(tsudoi: Tsudoi, proposed: Path) -> None:
    """A proposed act ends with 3, moves no state, and stands in `cycle show` with the command that confirms it."""
    stands = _standing(tsudoi)
    assert stands["state"] == "ready"
    (check,) = [owed for owed in stands["next"] if owed["act"] == "extract"]
    assert check["waits_for_confirmation"]
    assert "tsudoi confirm 2026 extract" in tsudoi("cycle", "show", 2026).out


def test_the_second_person_confirms_by_the_approval(tsudoi: Tsudoi, proposed: Path) -> None:
    """Number and date of the electronic approval confirm; doing it again is a no-op."""
    confirm = "confirm 2026 extract --by nakamura --decision 8-総総-12 --decided-on 2026-11-02"
    said = tsudoi(*shlex.split(confirm))
    assert said.status == 0, said.err
    assert _standing(tsudoi)["state"] == "extracted"
    assert "既に" in tsudoi(*shlex.split(confirm)).out
    entry = json.loads(tsudoi("ledger", "show", "--last", 1, "--json").out)[0]
    assert (entry["by"], entry["data"]["proposed_by"]) == ("nakamura", "watanabe")
    assert entry["data"]["decision_number"] == "8-総総-12"


@pytest.mark.parametrize(
    "wrong",
    [
        "--by watanabe --decision 1 --decided-on 2026-11-02",  # the same person
        "--by takahashi --decision 1 --decided-on 2026-11-02",  # another role
        "--by nakamura --decision 1",  # no date
        "--by nakamura --decision 1 --decided-on 2026-12-02",  # a date to come
    ],
)
def test_no_other_confirmation_counts(tsudoi: Tsudoi, proposed: Path, wrong: str) -> None:
    """The proposer himself, another role, an approval without a date or of a day to come are refused."""
    assert tsudoi(*shlex.split(f"confirm 2026 extract {wrong}")).status == 2
    assert _standing(tsudoi)["state"] == "ready"


def test_a_deadline_moves_with_a_reason_and_the_plan_stays(tsudoi: Tsudoi, home: Path) -> None:
    """A moved deadline is owed on the new day; plan and reason stand beside it, in the ledger too."""
    move = "deadline move 2026 conclude_contract --to 2026-10-07 --reason 相手方都合 --by sato"
    assert tsudoi(*shlex.split(move)).status == 0
    owed = _standing(tsudoi)["next"][0]
    assert (owed["due_on"], owed["planned_on"]) == ("2026-10-07", "2026-10-01")
    assert "2026-10-07 ← 2026-10-01" in tsudoi("cycle", "show", 2026).out
    record = json.loads(tsudoi("ledger", "show", "--last", 1, "--json").out)[0]["data"]["record"]
    assert record["reason"] == "相手方都合"
    assert "conclude_contract" in tsudoi("deadline", "acts").out


def test_a_watch_on_another_day_writes_nothing(
    tsudoi: Tsudoi, home: Path, remembered: Callable[[], Remembered]
) -> None:
    """`watch --at` shows what would be flagged, and flags, writes and sends nothing."""
    before = remembered()
    said = tsudoi("watch", "--at", "2026-10-05", "--json")
    assert {it["act"]: it["flag"] for it in json.loads(said.out)}["conclude_contract"] in {"overdue", "escalated"}
    assert "契約締結" in tsudoi("watch", "--at", "2026-10-05").out
    assert remembered() == before
    assert not (home / "mail").exists()


def test_a_watch_flags_and_sends_and_the_list_shows_it(tsudoi: Tsudoi, home: Path) -> None:
    """`watch` says what it flagged and sent; `reminders` shows each letter with rung, person and state."""
    _go_to(home, date(2026, 9, 28))
    assert json.loads(tsudoi("watch", "--json").out)["sent"] == 2
    assert json.loads(tsudoi("watch", "--json").out)["sent"] == 0
    letters = json.loads(tsudoi("reminders", 2026, "--json").out)
    assert [(it["act"], it["rung"], it["to"], it["state"]) for it in letters] == [
        ("conclude_contract", -3, person, "sent") for person in ("sato", "suzuki")
    ]
    assert "送付済み" in tsudoi("reminders", 2026).out


def test_a_dry_run_shows_the_words_of_what_waits(tsudoi: Tsudoi, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nobody carries the letters, `reminders --dry-run` shows what they will say."""
    _go_to(home, date(2026, 9, 28))
    monkeypatch.setenv("TSUDOI_MAIL", "nobody")
    assert tsudoi("watch").status == 2
    said = tsudoi("reminders", 2026, "--dry-run")
    assert "送付待ち" in said.out
    assert "契約締結" in said.out.partition("\n\n")[2]


def test_a_service_that_has_stopped_is_told_of(tsudoi: Tsudoi, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`watch --stopped` writes a letter; while nobody carries it, `reminders` shows that it waits, beside the act's."""
    _go_to(home, date(2026, 9, 25))
    monkeypatch.setenv("TSUDOI_MAIL", "nobody")
    assert tsudoi("watch", "--stopped", "tsudoi.service").status == 2
    said = tsudoi("reminders", 2026, "--dry-run")
    assert (said.status, said.out.count("サービスの停止"), said.out.count("送付待ち")) == (0, 2, 2)
    monkeypatch.delenv("TSUDOI_MAIL")
    assert json.loads(tsudoi("watch", "--json").out)["sent"] == 2
    assert "サービスの停止" not in tsudoi("reminders", 2026).out
    assert tsudoi("watch", "--stopped", "a service").status == 2


def test_the_counts_are_told_with_their_sources(tsudoi: Tsudoi, proposed: Path) -> None:
    """`cycle counts` shows each count with its source, and the same numbers as JSON."""
    told = json.loads(tsudoi("cycle", "counts", 2026, "--json").out)
    assert (told["raw_hits"], told["exported"], told["holds"]) == (40, 40, True)
    assert "データ抽出" in tsudoi("cycle", "counts", 2026).out


def test_every_command_helps_in_both_languages(tsudoi: Tsudoi, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--help` lists the commands in Japanese, and ends well."""
    said = tsudoi("--help")
    assert said.status == 0
    for command in ("init", "cycle", "next", "act", "confirm", "people", "deadline", "extract", "ledger", "rehearse"):
        assert command in said.out
    assert "予行" in said.out


def test_todays_work_names_the_calls_to_make(tsudoi: Tsudoi, home: Path) -> None:
    """Three open days late `next --json` says beside the act who calls whom; once acknowledged it does so no more."""

    def calls() -> list[dict[str, Any]]:
        [contract] = [it for it in json.loads(tsudoi("next", "--json").out) if it["act"] == "conclude_contract"]
        return contract["calls"]

    _go_to(home, date(2026, 10, 1))
    assert tsudoi("watch").status == 0
    assert calls() == []
    _go_to(home, date(2026, 10, 6))
    assert tsudoi("watch").status == 0
    [call] = calls()
    assert (call["caller"], len(call["whom"])) == ("takahashi", 2)
    assert tsudoi("reminders", 2026, "--acknowledge", call["reminder"], "--by", "takahashi").status == 0
    assert calls() == []


def test_an_incident_is_reported_to_the_minute(tsudoi: Tsudoi, home: Path) -> None:
    """The moment of knowing gives the day too, the contractor's duty is said, and an unknown time is not made up."""
    _go_to(home, date(2026, 10, 1))
    report = ("incident", "report", 2026, "--kind", "loss", "--by", "sato", "--persons", 200)
    times = ("--known-at", "2026-09-30T16:05", "--contractor-notified-at", "2026-10-01T08:40")
    said = tsudoi(*report, *times)
    assert said.status == 0, said.err
    for word in ("16:05", "2026-10-01T08:40", "第26条"):
        assert word in said.out, word
    told = json.loads(tsudoi("incident", "show", 2026, "--json").out)[0]
    assert (told["known_on"], told["known_at"][:16]) == ("2026-09-30", "2026-09-30T16:05")
    assert tsudoi(*report).status == 0
    assert json.loads(tsudoi("incident", "show", 2026, "--json").out)[1]["known_at"] is None
    assert "記載なし" in tsudoi("incident", "show", 2026).out
    assert tsudoi(*report, "--known-at", "2026-10-01T10:01").status == 2
