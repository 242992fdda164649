"""Counts of two sides beside each other, and which of them is told to whoever typed it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playing import CYCLE, Played, begun

from models.fields import fields_of
from states.table import BY_TRIGGER
from views import reported


@pytest.fixture
def year(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    with begun(template_home, tmp_path) as played:
        yield played


def test_every_count_is_a_field_of_its_act() -> None:
    """No row of the tables speaks of an act or a field that the rules do not know."""
    for act, field in {*reported.OF_THE_CONTRACTOR, *reported.OF_THE_WARD}:
        assert field in {it.name for it in fields_of(BY_TRIGGER[act].record)}
    assert not reported.OF_THE_CONTRACTOR.keys() & reported.OF_THE_WARD.keys()


def test_what_the_post_office_counts_is_told_to_nobody_before_he_reads_it_again(year: Played) -> None:
    """An accepted number that differs is asked about without ours; a count of the ward's own with both numbers."""
    with year.office.look(CYCLE) as here:
        [accepted] = reported.differing(here.facts, "post", {"accepted": 7})
        [letters] = reported.differing(here.facts, "approve_posting", {"letters": 7})
        assert reported.differing(here.facts, "post", {"accepted": 0}) == ()
        assert reported.differing(here.facts, "report_receipt", {"received": 7}) == ()
    assert (accepted.is_blind, letters.is_blind) == (True, False)
    assert (letters.reported, letters.expected) == (7, 0)
