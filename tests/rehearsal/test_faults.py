"""The faults of a rehearsal are drawn from its seed and nothing else, so that a year that failed can be repeated."""

from collections import Counter
from pathlib import Path

import pytest

from rehearsal import cast, faults
from rehearsal.plan import DRIVEN, Plan
from states.table import BY_TRIGGER

SEEDS = range(200)


@pytest.mark.parametrize("level", range(1, faults.HIGHEST + 1))
def test_the_same_seed_draws_the_same_faults(level: int) -> None:
    """Drawn twice, the faults and the late acts of a seed are the same; of other seeds they are others."""
    years = [(faults.drawn(seed, level), faults.late_acts(seed, level)) for seed in SEEDS]
    assert years == [(faults.drawn(seed, level), faults.late_acts(seed, level)) for seed in SEEDS]
    assert len({str(year) for year in years}) > 190


@pytest.mark.parametrize("level", range(1, faults.HIGHEST + 1))
def test_two_hundred_seeds_draw_every_kind_up_to_their_level(level: int) -> None:
    """No kind of fault is on the list that never comes; none comes below its level; no act has two."""
    drawn = [faults.drawn(seed, level) for seed in SEEDS]
    assert {it.kind for year in drawn for it in year} == {
        name for name, kind in faults.KINDS.items() if kind.level <= level
    }
    assert max(Counter(it.act for it in year).most_common(1)[0][1] for year in drawn) == 1


def test_every_fault_strikes_at_an_act_of_the_year() -> None:
    """The acts at which faults strike are dated acts of the table that the rehearsal comes to."""
    for kind in faults.KINDS.values():
        for act in kind.acts:
            assert BY_TRIGGER[act].due
            assert act in cast.PLAYS or act in DRIVEN


def test_the_command_of_a_year_says_all_that_was_drawn_from() -> None:
    """The command line that repeats a year names its persons, seed, level and late acts."""
    plan = Plan(
        year=2026, out=Path("x"), persons=60, extract=None, late={"post": 2}, seed=17, keep=False, faults=3
    )  # fmt: skip
    assert plan.command() == (
        "tsudoi rehearse 2026 --out DIR --persons 60 --seed 17 --faults 3 --late post=2"
    )  # fmt: skip
