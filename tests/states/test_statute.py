"""The clock of the law: heads, days, and an incident that cannot be settled before its duties are done."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import Year

from models.errors import Refused
from models.programme import Statute
from models.records.oversight import IncidentReported
from states.calendar import Calendar
from states.statute import VERSION, clock_of, heads_of, may_be_exempt, unverified

DAYS = st.dates(date(2026, 4, 1), date(2027, 3, 31))


def incident(**told: Any) -> IncidentReported:
    return IncidentReported.model_validate({"kind": "loss", "known_on": date(2026, 11, 16)} | told)


@pytest.mark.parametrize(
    ("told", "heads"),
    [
        ({"persons": 100}, ()),
        ({"persons": 101}, (4,)),
        ({"persons": 1, "sensitive": True}, (1,)),
        ({"property_risk": True, "wrongful": True}, (2, 3)),
        ({"persons": 4000, "ordinance_sensitive": True}, (4, 5)),
        ({"encrypted": True}, ()),
    ],
)
def test_the_heads_of_the_rule_follow_from_what_was_told(told: dict[str, Any], heads: tuple[int, ...]) -> None:
    """A hundred persons are no head, one more is; each other head has its own question; encryption is no head."""
    assert heads_of(incident(**told)) == heads


@pytest.mark.parametrize(
    ("known_on", "wrongful", "prompt_by", "final_by"),
    [
        (date(2026, 11, 16), False, date(2026, 11, 20), date(2026, 12, 15)),
        (date(2026, 12, 1), False, date(2026, 12, 5), date(2027, 1, 4)),  # day 30 is 12-30: the office is closed
        (date(2026, 11, 6), False, date(2026, 11, 10), date(2026, 12, 7)),  # day 30 is a Saturday
        (date(2026, 11, 16), True, date(2026, 11, 20), date(2027, 1, 14)),
    ],
)
def test_the_day_of_knowing_is_the_first(known_on: date, wrongful: bool, prompt_by: date, final_by: date) -> None:  # noqa: FBT001 - a parameter of the table above
    """速報 falls on the fifth day whatever day it is, 確報 on the thirtieth or sixtieth or the next open day."""
    clock = clock_of(incident(known_on=known_on, wrongful=wrongful), Calendar())
    assert (clock.prompt_by, clock.final_by) == (prompt_by, final_by)


@given(DAYS, st.booleans())
def test_the_final_report_never_falls_due_on_a_closed_day_or_before_its_term(known_on: date, wrongful: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    """The end of the term moves to an open day and never to an earlier one."""
    calendar, days = Calendar(), 60 if wrongful else 30
    final_by = clock_of(incident(known_on=known_on, wrongful=wrongful), calendar).final_by
    assert calendar.is_open(final_by)
    assert final_by >= known_on + timedelta(days=days - 1)
    assert calendar.open_days_between(known_on + timedelta(days=days - 1), final_by) <= 1


def test_an_incident_of_many_persons_is_not_settled_before_the_law_is_done(year: Year) -> None:
    """Assessment, both reports, the notice and the word about publication come first, each missing one is named."""
    year.do("report_incident", persons=4000)
    for trigger, changes in (
        ("assess_incident", {}),
        ("report_to_commission", {}),
        ("report_to_commission", {"report": "final"}),
        ("notify_persons", {}),
        ("publish_incident", {}),
    ):
        with pytest.raises(Refused) as refused:
            year.do("settle_incident")
        assert {gap.guard for gap in refused.value.unmet} == {"duties_of_the_law_are_done"}
        year.do(trigger, **changes)
    year.do("settle_incident")


def test_an_incident_that_people_found_exempt_is_settled(year: Year) -> None:
    """Where the approver decided that it need not be reported, nothing more is asked."""
    year.do("report_incident", persons=4000, encrypted=True)
    year.do("assess_incident", reportable=False, reason="高度な暗号化")
    year.do("settle_incident")


def test_a_small_incident_is_settled_at_once(year: Year) -> None:
    """Where no head applies the law asks nothing."""
    year.do("report_incident", persons=1)
    year.do("settle_incident")


def test_the_rules_are_named_as_they_are_in_force() -> None:
    """The rule's version is that of 2024-04-01, and what the ward set stands beside what nobody could verify."""
    assert "令和6年4月1日施行" in VERSION
    strict, lenient = unverified(Statute()), unverified(Statute(full_report_serves_as_both=True))
    assert [line for line in lenient if line not in strict] == [lenient[-2]]
    assert "認めない" in strict[-2]
    assert "報告対象外としない" in unverified(Statute(encryption_may_exempt=False))[-1]


def test_encryption_is_a_possibility_only_where_the_ward_reads_the_law_so() -> None:
    """What was not encrypted is never exempt; what was is perhaps, unless the programme says that it is not."""
    known = [(encrypted, setting) for encrypted in (True, False) for setting in (True, False)]
    exempt = [
        case for case in known if may_be_exempt(incident(encrypted=case[0]), Statute(encryption_may_exempt=case[1]))
    ]
    assert exempt == [(True, True)]


def test_the_times_of_an_incident_are_told_to_the_minute(year: Year) -> None:
    """The hour of knowing and of the contractor's notice are kept; an hour of another day is refused."""
    known = year.clock.at - timedelta(minutes=41)
    year.do("report_incident", known_at=known, contractor_notified_at=year.clock.at)
    told = IncidentReported.model_validate_json(year.facts().done["report_incident"].data)
    assert (told.known_at, told.contractor_notified_at) == (known, year.clock.at)
    with pytest.raises(Refused) as refused:
        year.do("report_incident", known_at=year.clock.at - timedelta(days=1))
    assert {gap.guard for gap in refused.value.unmet} == {"times_of_the_incident_are_in_order"}


def test_a_notice_of_the_contractor_that_comes_later_is_told_with_the_discussion(year: Year) -> None:
    """The time told last stands; a discussion that tells none leaves it as it was."""
    year.do("report_incident")
    assert year.facts().cases[0].contractor_notified_at is None
    notified = year.clock.at
    year.later(hours=5)
    year.do("discuss_measures", contractor_notified_at=notified)
    year.do("discuss_measures")
    assert year.facts().cases[0].contractor_notified_at == notified


def test_what_an_older_version_recorded_of_an_incident_has_no_times() -> None:
    """A record without the newer fields is read, holds none of them, and does not pretend to a time."""
    older = IncidentReported.model_validate_json('{"kind":"loss","known_on":"2026-11-16"}')
    assert not older.holds("known_at")
    assert (older.known_at, older.contractor_notified_at) == (None, None)


def test_the_final_report_does_not_come_before_the_prompt_one(year: Year) -> None:
    """A 確報 without a 速報, and a report before anybody knew, are refused."""
    year.do("report_incident", persons=4000)
    with pytest.raises(Refused):
        year.do("report_to_commission", report="final")
    with pytest.raises(Refused):
        year.do("report_to_commission", reported_on=year.clock.at.date() - timedelta(days=1))
