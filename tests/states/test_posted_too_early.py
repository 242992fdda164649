"""What is entered when it has happened: an early posting, a late inspection, a late sample, until the year ends."""

from typing import Any

import pytest
from scenes import IN_ORDER, Year

from models.database import reading
from models.errors import Refused
from states.replay import differences
from states.table import BY_TRIGGER


def unmet(year: Year, trigger: str, **changes: Any) -> dict[str, str]:
    with pytest.raises(Refused) as refused:
        year.propose(trigger, **changes)
    return {gap.guard: gap.act for gap in refused.value.unmet}


def settle_everything(year: Year) -> None:
    for number in year.facts().incidents:
        year.do("settle_incident", incident=number)
    year.do("release_hold")


def end(year: Year) -> None:
    """Do what the state of the year still allows, in order, as its board lists it, until nothing of it is left."""
    changes = {"report_posting": {"accepted": year.pieces()["posted"]}}
    while todo := [act for act in IN_ORDER if act not in year.facts().done and year.state in BY_TRIGGER[act].froms]:
        year.wait_for(todo[0])
        year.do(todo[0], **changes.get(todo[0], {}))


def test_a_posting_before_anybody_approved_ends_as_a_closed_year(sqlite_year: Year) -> None:
    """What was posted right after the sealing is a deviation once the sealing is entered, and the year closes."""
    year = sqlite_year
    year.play(before="complete_enclosing")
    told = unmet(year, "post", already_happened=True, accepted=10)
    assert told["enclosing_is_confirmed"] == "complete_enclosing"
    assert set(told) == {"enclosing_is_confirmed", "every_serial_is_enclosed_or_pulled"}
    year.do("complete_enclosing")
    year.do("enclose_additions")
    assert "posting_is_approved" in unmet(year, "post", accepted=11)
    outcome = year.do("post", already_happened=True, accepted=11)
    assert {"posting_is_approved", "protection_was_rechecked_today"} <= set(outcome.deviations)
    assert (year.state, year.pieces()) == ("posted", {"posted": 11, "pulled": 2})
    assert set(unmet(year, "post", already_happened=True, accepted=11)) == {"not_done_yet"}  # no letter is posted twice
    settle_everything(year)
    end(year)
    assert (year.state, year.pieces()) == ("closed", {"posted": 11, "pulled": 2})
    with reading(year.engine) as connection:
        assert list(differences(connection)) == []


def test_a_delivery_entered_after_the_posting_is_that_of_the_letters_posted(sqlite_year: Year) -> None:
    """The pieces are counted wherever they are by now; the state stays, and another number is a deviation."""
    year = sqlite_year
    year.play(before="report_posting")
    assert year.do("inspect_delivery", already_happened=True, delivered=8).deviations == ("delivered_equals_enclosed",)
    assert year.do("inspect_delivery", already_happened=True).deviations == ()
    assert year.state == "posted"


def test_a_sample_entered_after_the_printing_names_its_serials(sqlite_year: Year) -> None:
    """The serials of the sample are pieces of the year that were printed or posted since; the state stays."""
    year = sqlite_year
    year.play(before="report_posting")
    assert "sample_serials_are_ours" in unmet(year, "submit_imprint_sample", already_happened=True, serials="9999")
    year.do("submit_imprint_sample", already_happened=True, slip="15")
    assert year.state == "posted"
