"""What follows an act follows it however it came, and what fails of it is told and can be asked for again."""

import errno
import inspect
from concurrent.futures import ThreadPoolExecutor
from pkgutil import resolve_name

import pytest
from playing import CYCLE, Played, copy_of, morning_of

from models.errors import Refused, Unknown
from models.records.oversight import MeasuresClaimed
from rehearsal.cast import COORDINATOR, REGISTRAR
from states.acts import ActRequest, Outcome, Recorded
from states.table import BY_TRIGGER
from steps import acting, after, prints
from steps.after import AFTER, EVERY_ACT, Effect

pytestmark = pytest.mark.xdist_group("after")
EFFECTS = {effect.does: effect for effects in (*AFTER.values(), EVERY_ACT) for effect in effects}
INCIDENT = {"kind": "loss", "known_on": "2026-11-06"}
PAPERS = ("incident-1-report.pdf", "incident-1-notice.pdf", "incident-1-publication.pdf")

morning = morning_of("extract")
year = copy_of("morning")
leaving = morning_of("hand_over_medium")
sealing = copy_of("leaving")


@pytest.fixture(autouse=True)
def nothing_is_left() -> None:
    """Let what fails after an act be left, as it is at work."""


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the acts that were followed, in their order; nothing is printed meanwhile."""
    acts = list[str]()

    def follow(_office: object, act: Recorded) -> tuple[str, ...]:
        acts.append(act.trigger)
        return ()

    monkeypatch.setattr(after, "follow", follow)
    return acts


def _claim(year: Played, key: str) -> Outcome:
    record = MeasuresClaimed(measures=("W-OP-01",), evidence="点検表")
    return year.office.door.perform(
        ActRequest(cycle_id=CYCLE, trigger="claim_measures", by=COORDINATOR, record=record, key=key)
    )


def _incident(year: Played) -> Outcome:
    return acting.perform(year.office, CYCLE, "report_incident", by=COORDINATOR, fields=INCIDENT, key="incident")


def test_what_follows_follows_an_act_of_the_table() -> None:
    """AFTER names acts of the table alone."""
    assert AFTER.keys() <= BY_TRIGGER.keys()


@pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS)
def test_an_effect_takes_office_and_act(effect: Effect) -> None:
    """Each effect names a step that is there, and takes the office and the act that is recorded."""
    assert len(inspect.signature(resolve_name(effect.does)).parameters) == 2


@pytest.mark.parametrize("trigger", AFTER)
def test_each_row_is_done_and_what_fails_holds_up_nothing(trigger: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every effect of a row is tried although each one fails; each is told in words, and never by what it said."""

    def fails(_office: object, _act: Recorded) -> None:
        raise ValueError("佐藤 花子")

    monkeypatch.setattr(after, "resolve_name", lambda _name: fails)
    left = after.follow(None, Recorded(cycle_id=CYCLE, trigger=trigger, seq=1, by=COORDINATOR, via="desk"))
    assert len(left) == len(AFTER[trigger]) + len(EVERY_ACT)
    assert all("ValueError" in it and "花子" not in it for it in left)


def test_no_entrance_forgets_what_follows(year: Played, followed: list[str]) -> None:
    """An act confirmed, those of the machine, and one straight through the door are each followed once."""
    year.do("extract")
    year.wait_for("recheck_before_sealing")
    year.do("recheck_before_sealing")
    year.seal()
    _claim(year, "one")
    assert followed == ["extract", "recheck_before_sealing", "seal_package", "claim_measures"]


def test_only_what_is_recorded_is_followed(year: Played, followed: list[str]) -> None:
    """A repeated key is followed again; what is only proposed, or refused, is not."""
    for _ in range(2):
        _claim(year, "one")
    taken = year.facts().done["take_extract"]
    record = BY_TRIGGER["take_extract"].record.model_validate_json(taken.data).model_dump()
    fields = {"exported": record["exported"], "excluded": sum(record["excluded"].values()), "window_seen": True}
    assert acting.perform(year.office, CYCLE, "extract", by=REGISTRAR, fields=fields).waits_for
    with pytest.raises(Refused):
        acting.perform(year.office, CYCLE, "hand_over", by=COORDINATOR, fields={})
    assert followed == ["claim_measures", "claim_measures"]


def test_a_failing_printer_leaves_the_act_recorded(year: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk has no room for the papers, the act stands, says what is left, and is printed when asked again."""
    with monkeypatch.context() as full:

        def no_room(_office: object, _act: Recorded) -> None:
            raise OSError(errno.ENOSPC, "no room", "papers")

        full.setattr(prints, "incident_papers", no_room)
        outcome = _incident(year)
    assert "report_incident" in year.facts().done
    assert len(outcome.left) == 1
    assert outcome.left[0] in after.words_of_what_is_left(outcome)
    assert not any((year.office.papers / name).exists() for name in PAPERS)
    asked = after.again(year.office, year.facts(), "report_incident", by=COORDINATOR)
    assert (asked.repeated, asked.seq, asked.left) == (True, outcome.seq, ())
    assert all((year.office.papers / name).exists() for name in PAPERS)


def test_a_repeated_key_prints_again_what_is_missing(year: Played) -> None:
    """The same key once more does nothing but print what a kill, or somebody's hand, has left without paper."""
    first = _incident(year)
    for name in PAPERS:
        (year.office.papers / name).unlink()
    second = _incident(year)
    assert (second.repeated, second.seq, second.left) == (True, first.seq, ())
    assert all((year.office.papers / name).exists() for name in PAPERS)


def test_what_is_not_done_is_followed_by_nothing(year: Played) -> None:
    """Asking again after an act that is not done, or is none, is refused in words."""
    for act in ("post", "no_such_act"):
        with pytest.raises(Unknown):
            after.again(year.office, year.facts(), act, by=COORDINATOR)


def test_two_acts_at_once_print_a_slip_once(sealing: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where acts at a desk and the machine's follow at once, one prints what is missing and the others find it so."""
    before = sealing.events().count("paper_printed")
    with monkeypatch.context() as patch:
        patch.setattr("steps.papers.print_missing_slips", lambda *_act, **_by: ())
        handed = sealing.do("hand_over_medium")
    act = Recorded(cycle_id=CYCLE, trigger="hand_over_medium", seq=handed.seq, by="sato", via="desk")
    with ThreadPoolExecutor(max_workers=4) as pool:
        for printing in [pool.submit(prints.missing_slips, sealing.office, act) for _number in range(4)]:
            printing.result()
    assert sealing.events().count("paper_printed") == before + 1
