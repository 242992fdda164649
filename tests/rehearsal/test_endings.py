"""How a fault ended is read from the ledger: without the entry that makes it good, it has not ended."""

from typing import Any

import pytest

from rehearsal import endings, faults
from rehearsal.endings import Struck
from states.table import BY_TRIGGER

Told = tuple[str, dict[str, Any]]
SINCE = 10  # the number of the last entry before the fault


def _record(event: str, **record: Any) -> Told:
    return event, {"record": record}


def _done(act: str, **record: Any) -> Told:
    return _record(BY_TRIGGER[act].event, **record)


DEVIATION = "deviation_recorded", {"act": "report_receipt", "broken": ["received_count_agrees"]}
SETTLED, RELEASED = _record("incident_settled", incident=1), _record("hold_released", discussed_on="2026-11-20")
PROTECTED = _done("recheck_before_sealing", newly_protected="3")

# For each kind: the act, what was entered while it struck, what came afterwards, and how it then has ended.
YEARS: dict[str, tuple[str, list[Told], list[Told], str]] = {
    "wrong_count": (
        "post", [("act_refused", {"act": "post", "unmet": ["accepted_number_equals_enclosed"]})], [_done("post")],
        "refused, then entered rightly",
    ),
    "strange_extract": (
        "take_extract", [("extract_refused", {"findings": {"empty_file": 1}})], [_done("take_extract")],
        "refused, then entered rightly",
    ),
    "lost_slip": (
        "return_items", [_done("return_items"), _record("slip_reprinted", slip="K-2026-03", reason="紛失")], [],
        "printed again",
    ),
    "damaged_notice": (
        "hand_over_password", [_record("notice_reprinted", reason="damaged")], [_done("hand_over_password")],
        "printed again",
    ),
    "wrong_receipt": ("report_receipt", [DEVIATION], [SETTLED, RELEASED], "settled, hold released"),
    "incident": (
        "extract", [_record("incident_reported", kind="leak")],
        [_record("commission_informed", incident=1), SETTLED, RELEASED],
        "reported to the Commission, settled, hold released",
    ),
    "hold": ("accept_work", [_record("cycle_held", reason="typhoon")], [RELEASED], "hold released"),
    "lost_sheets": (
        "report_printing", [_done("report_printing", good="1-9")],
        [_done("report_printing", good="10"), _done("complete_printing")], "named by serial, then reported again",
    ),
    "protected_late": (
        "hand_over_medium", [PROTECTED], [_done("seal_package", held_back="3"), _done("hand_over_medium")],
        "sealed anew",
    ),
}  # fmt: skip


def _struck(kind: str, during: list[Told], after: list[Told], *, killed: int = 0) -> endings.End | None:
    act = YEARS[kind][0] if kind in YEARS else "post"
    told = [*during, *after]
    entries = [
        {"seq": SINCE + number, "at": f"2026-11-{number:02}T10:00:00+09:00", "event": event, "data": data}
        for number, (event, data) in enumerate(told, 1)
    ]
    struck = Struck(act=act, entries=entries, since=SINCE, until=SINCE + len(during), killed=killed)
    return faults.KINDS[kind].ends(struck)


@pytest.mark.parametrize("kind", YEARS)
def test_a_fault_that_was_made_good_has_ended(kind: str) -> None:
    """Made good as the product offers it, the fault has ended, in these words, on the day of the last entry."""
    _act, during, after, words = YEARS[kind]
    end = _struck(kind, during, after)
    assert end is not None
    assert (end.words, end.on) == (words, f"2026-11-{len(during) + len(after):02}")


@pytest.mark.parametrize("kind", YEARS)
def test_a_fault_has_not_ended_while_the_last_entry_is_missing(kind: str) -> None:
    """One entry before it is made good, the ledger tells no end; nor does it when the fault itself left nothing."""
    _act, during, after, _words = YEARS[kind]
    told = [*during, *after]
    assert _struck(kind, told[: len(during)][: len(told) - 1], after[:-1]) is None
    assert _struck(kind, [], after) is None


def test_an_incident_has_not_ended_with_another_that_was_settled() -> None:
    """The settlement of another incident, or a release before its own settlement, ends none."""
    _act, during, _after, _words = YEARS["wrong_receipt"]
    assert _struck("wrong_receipt", during, [_record("incident_settled", incident=2), RELEASED]) is None
    assert _struck("wrong_receipt", during, [RELEASED, SETTLED]) is None


def test_a_package_that_still_holds_the_protected_person_is_not_sealed_anew() -> None:
    """Sealed again with the serial inside, the fault has not ended."""
    after = [_done("seal_package", held_back="4"), _done("hand_over_medium")]
    assert _struck("protected_late", [PROTECTED], after) is None


def test_a_refusal_after_the_act_ends_nothing() -> None:
    """What was accepted at first and refused afterwards has not been refused."""
    _act, during, after, _words = YEARS["wrong_count"]
    assert _struck("wrong_count", [*after, *during], []) is None


@pytest.mark.parametrize(
    ("killed", "words"),
    [
        (SINCE, "killed within the act, restarted, done"),
        (SINCE + 1, "killed after the act, restarted, went on"),
    ],
)
def test_a_kill_ends_with_the_act_done(killed: int, words: str) -> None:
    """Killed before or after the act's entry, it has ended once the act is done; without a kill there was no crash."""
    end = _struck("crash", [_done("post")], [], killed=killed)
    assert end is not None
    assert end.words == words
    assert _struck("crash", [], [], killed=killed) is None
    assert _struck("crash", [_done("post")], []) is None
