"""Two hundred years in which something goes wrong, each drawn from its seed: all laws after every step, and an end."""

import json
from pathlib import Path

import psutil
import pytest
from direct import YEAR, rehearsed
from serving import PATIENCE
from telling import Stage

from models.words import translate
from rehearsal import faults
from rehearsal.cast import APPROVER
from rehearsal.plan import Plan
from views import commitments

SEEDS, AT_ONCE = 200, 10
SAMPLE = (1, 2, 3)
LATEST = 47  # draws the contract that is latest of all


def live_through(seed: int, template: Path, out: Path) -> dict[str, str]:
    """Live through a year with the faults of a seed, and return how each of them ended."""
    plan = Plan(
        year=YEAR, out=out, persons=50 + seed % 25, extract=None, late={}, seed=seed, keep=False,
        faults=1 + seed % faults.HIGHEST,
    )  # fmt: skip
    with rehearsed(template, plan) as rehearsal:
        try:
            rehearsal.run(lambda _today, _facts: None)
            told = rehearsal.summary(seconds=0)
        except Exception as error:
            error.add_note(f"{plan.command()} : {rehearsal.faults_told()}")
            raise
    assert (told["state"], told["personal_data_found"], told["counts_hold"]) == ("closed", 0, True), plan.command()
    return {it["act"]: it["ended"] for it in told["faults"]}


@pytest.mark.parametrize("seed", SAMPLE)
def test_a_year_with_faults_closes_under_every_law(seed: int, template_home: Path, tmp_path: Path) -> None:
    """With faults of each level the year closes, every fault has ended, and no law was broken after any step."""
    ended = live_through(seed, template_home, tmp_path / "year")
    assert ended
    assert all(ended.values()), ended


def test_a_year_that_passes_the_ceremony_is_accepted_by_name_and_closes(template_home: Path, tmp_path: Path) -> None:
    """A contract twenty-five open days late passes every commitment, and the approver accepts each by name."""
    plan = Plan(year=YEAR, out=tmp_path / "year", persons=50, extract=None, late={}, seed=LATEST, keep=False, faults=3)
    with rehearsed(template_home, plan) as rehearsal:
        assert rehearsal.late["conclude_contract"] == 25
        rehearsal.run(lambda _today, _facts: None)
        passed = rehearsal.office.see(rehearsal.cycle_id, commitments.passed)
        assert rehearsal.facts().state == "closed"
    assert {it.key for it in passed} == {"useful_posting", "ceremony", "contract_end", "approved_period"}
    assert all(it.decision and it.decision.by == APPROVER and it.is_accepted for it in passed)


@pytest.mark.long
@pytest.mark.parametrize("first", range(SAMPLE[-1] + 1, SEEDS + 1, AT_ONCE))
def test_two_hundred_years_with_faults_close_under_every_law(first: int, template_home: Path, tmp_path: Path) -> None:
    """Whatever the seed, the year closes, every fault has ended, and no law was broken after any step."""
    for seed in range(first, min(first + AT_ONCE, SEEDS + 1)):
        assert all(live_through(seed, template_home, tmp_path / f"{seed}").values()), seed


@pytest.mark.long
@pytest.mark.parametrize(("seed", "level"), [(11, 3), (23, 3), (4, 2), (6, 1)])
def test_a_year_with_faults_closes_through_the_flows(seed: int, level: int, tmp_path: Path) -> None:
    """The real command, with Prefect and a real kill -9 of the whole rehearsal, ends as the steps alone do."""
    stage = Stage(folder=tmp_path, persons=60)
    stage.play("--seed", str(seed), "--faults", str(level))
    told = json.loads((stage.out / "summary.json").read_text(encoding="utf-8"))
    assert (told["state"], told["personal_data_found"], told["counts_hold"]) == ("closed", 0, True)
    assert all(it["ended"] for it in told["faults"])
    assert stage.said().count(translate("The rehearsal was killed; it is started again.", "ja")) == sum(
        it["kind"] == faults.CRASH for it in told["faults"]
    )
    _gone_by_now, left = psutil.wait_procs(stage.processes(), timeout=PATIENCE)
    assert left == []
