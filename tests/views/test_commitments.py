"""Days that no lateness moves: a plan that runs past one says by how much and through which late act (Law 11)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from playing import CYCLE, Played, begun

from states.calendar import Calendar
from views.commitments import Passed, passed


@pytest.fixture
def year(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    with begun(template_home, tmp_path) as played:
        yield played


def seen(year: Played, on: date) -> dict[str, Passed]:
    return {it.key: it for it in year.office.see(CYCLE, passed, today=on)}


def test_a_plan_in_time_passes_nothing(year: Played) -> None:
    """Opened in September, and with the contract due today, every commitment holds."""
    assert seen(year, year.facts().today) == {}
    assert seen(year, date(2026, 10, 1)) == {}


def test_a_late_contract_passes_the_ceremony_and_the_end_of_the_contract(year: Played) -> None:
    """With no contract on the first of December all four days are passed, each through the contract alone."""
    found = seen(year, date(2026, 12, 1))
    assert list(found) == ["useful_posting", "ceremony", "contract_end", "approved_period"]
    assert {(cause.act, cause.days) for it in found.values() for cause in it.causes} == {("conclude_contract", 61)}
    ceremony = found["ceremony"]
    calendar = Calendar()
    late = calendar.open_days_between(date(2026, 10, 1), date(2026, 12, 1))
    assert (ceremony.on, ceremony.act, ceremony.done) == (date(2027, 1, 11), "post", False)
    assert ceremony.expected == calendar.add_open_days(date(2026, 11, 30), late)
    assert ceremony.days == (ceremony.expected - date(2027, 1, 11)).days > 0
    assert str(ceremony.expected) in ceremony.words
    assert f"{ceremony.days}" in ceremony.words
    assert "契約締結" in ceremony.words
    assert ceremony.as_json()["days"] == ceremony.days


def test_the_first_day_too_late_is_the_day_after_the_commitment(year: Played) -> None:
    """As long as the last act comes on the day itself the commitment holds; from the next day on it is passed."""
    days = [date(2026, 10, 1) + timedelta(days=nth) for nth in range(60)]
    first = next(day for day in days if "contract_end" in seen(year, day))
    assert seen(year, first)["contract_end"].expected > date(2026, 12, 25)
    on_the_day = year.office.see(CYCLE, passed, today=first - timedelta(days=1))
    assert "contract_end" not in {it.key for it in on_the_day}


def test_what_was_done_after_the_day_stays_passed(year: Played) -> None:
    """Once done, the act that came late is named with the day on which it was done, and time moves nothing more."""
    year.set_clock(year.now.replace(month=11, day=20))
    year.claim_every_measure()
    year.do("conclude_contract")
    found = seen(year, date(2026, 11, 20))
    assert {cause.act for it in found.values() for cause in it.causes} == {"conclude_contract"}
    assert {cause.days for it in found.values() for cause in it.causes} == {50}
    later = seen(year, date(2026, 12, 4))["contract_end"]  # now the contractor's notices are late on top of it
    assert next(cause.act for cause in later.causes) == "conclude_contract"
    assert len(later.causes) > 1
    assert later.days > found["contract_end"].days


def test_a_programme_without_commitments_has_nothing_to_pass(year: Played) -> None:
    """A year opened under a programme of old, which says none, shows none."""
    with year.office.look(CYCLE, today=date(2027, 3, 1)) as here:
        old = here.programme.model_copy(update={"commitments": {}})
        assert passed(replace(here, _facts=replace(here.facts, programme=old))) == ()
