"""A programme in which the approver confirms in person what the office decides, instead of a number of the approval."""

from pathlib import Path

import pytest
from direct import YEAR, rehearsed

from adapters.clock import VirtualClock
from adapters.programmes import programme_files
from rehearsal.cast import APPROVER, COORDINATOR
from rehearsal.plan import Plan
from states.table import TABLE
from steps.preparation import install, open_year, register, sample_people


@pytest.fixture
def confirming(template_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an installation whose year is of a programme that lets the approver confirm."""
    own = next(path for path in programme_files(None) if path.stem == "hatachi").read_text(encoding="utf-8")
    text = own.replace('decisions = "number"', 'decisions = "confirmation"').replace('key = "hatachi"', 'key = "other"')
    (tmp_path / "programmes").mkdir()
    (tmp_path / "programmes" / "other.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("TSUDOI_PROGRAMMES", str(tmp_path / "programmes"))
    monkeypatch.setenv("TSUDOI_PROGRAMME", "other")
    home = tmp_path / "template"
    home.mkdir()
    VirtualClock(home / "clock").set(VirtualClock(template_home / "clock").now())
    office = install(home, tmp_path / "inbox", rehearsal=True)
    for person in sample_people(YEAR):
        register(office, person)
    open_year(office, YEAR)
    office.engine.dispose()
    return home


def test_a_year_that_the_approver_confirms_closes_under_every_law(confirming: Path, tmp_path: Path) -> None:
    """Each decision of the office waits for the approver and bears his name; every law holds to the end."""
    plan = Plan(
        year=YEAR, out=tmp_path / "year", persons=40, extract=None, late={}, seed=2, keep=False, faults=1
    )  # fmt: skip
    with rehearsed(confirming, plan) as rehearsal:
        rehearsal.run(lambda _today, _facts: None)
        told, entries = rehearsal.summary(seconds=0), rehearsal.people.entries()
    assert (told["state"], told["personal_data_found"], told["counts_hold"]) == ("closed", 0, True)
    decisions = {row.event for row in TABLE if row.approval}
    decided = {
        entry["event"]: (entry["data"]["proposed_by"], entry["by"]) for entry in entries if entry["event"] in decisions
    }
    assert decided == dict.fromkeys(
        ("contract_concluded", "readiness_confirmed", "data_handed_over"), (COORDINATOR, APPROVER)
    )
