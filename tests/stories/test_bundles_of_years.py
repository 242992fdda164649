"""Four years told to the auditor: a clean one, one with an incident, cancelled ones, two in a row.

Each ends closed, nobody invited is left in its bundle, and the bundle verifies with nothing but Python.
"""

import json
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from direct import Directly, Unsigned, rehearsed
from playing import CYCLE, YEAR, Played, begun

from adapters.scanner import scan
from models.clock import TOKYO
from models.errors import Refused
from rehearsal import register
from rehearsal.plan import Plan
from rehearsal.printer import Printer
from rehearsal.year import Rehearsal
from steps import acting, preparation
from steps.bundle import bundle
from steps.erasure import needles_of
from steps.incidents import report
from steps.office import Office
from steps.preparation import carried_over
from steps.taking_over import confirm_people

# A Python that has nothing of ours: the machine's own, without site-packages and environment.
PYTHON = ("python3", "-I", "-S")


@pytest.fixture
def year(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    with begun(template_home, tmp_path / "year") as played:
        yield played


def everybody_invited(year: Played) -> set[str]:
    """Return what would be found of the residents, read from the vault while it is open; nothing before an extract."""
    return needles_of(year.office, year.office.vault(CYCLE)) if "take_extract" in year.facts().done else set()


def closed(year: Played) -> None:
    """Live on to the end: whatever is owed is done on its day."""
    year.play(before="close")
    year.do("close")
    assert year.facts().state == "closed"


def unpacked(office: Office, folder: Path, needles: set[str], cycle_id: str = CYCLE) -> dict[str, Any]:
    """Unpack the year's bundle, verify it as an auditor would, find nobody in it, and return what it tells."""
    bundle(office, cycle_id, folder.with_suffix(".zip"))
    with zipfile.ZipFile(folder.with_suffix(".zip")) as file:
        file.extractall(folder)
    told = subprocess.run(
        [*PYTHON, "verify_ledger.py", "ledger.jsonl"], cwd=folder, env={"PATH": "/usr/bin:/bin"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    if needles:
        assert scan([folder], needles).places == ()
    names = ("history", "measures", "documents", "incidents", "supervision", "counts")
    return {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in names}


def test_a_clean_year(year: Played, tmp_path: Path) -> None:
    """Every step stands in the history, no measure is contradicted, no document is missing, the data are gone."""
    year.play(before="erase_ward_data")
    needles = everybody_invited(year)
    assert needles
    closed(year)
    told = unpacked(year.office, tmp_path / "bundle", needles)
    assert [move["state"] for move in told["history"]][-1] == "closed"
    assert len(told["history"]) == 11
    assert {it["standing"] for it in told["measures"]} <= {"proved", "claimed", "no_occasion"}
    assert {it["standing"] for it in told["documents"]} <= {"complete", "no_occasion"}
    assert not told["incidents"]
    assert told["supervision"]["cloud_services"]
    for paper in ("certificates/erasure-record", "certificates/erasure-report", "certificates/return-note",
                  "checklist-ward", "checklist-contractor"):  # fmt: skip
        assert (tmp_path / "bundle" / f"{paper}.pdf").exists()


def test_a_year_with_an_incident(year: Played, tmp_path: Path) -> None:
    """The hold stops the year until the law's duties are done and the approver releases it; the bundle tells all."""
    year.play(before="report_printing")
    office, today = year.office, year.now.date()
    _outcome, incident = report(
        office, CYCLE, by="sato", fields={"kind": "misdelivery", "known_on": today, "persons": 150}
    )
    with pytest.raises(Refused):
        year.do("report_printing")

    def act(trigger: str, by: str, **fields: Any) -> None:
        acting.perform(office, CYCLE, trigger, by=by, fields=json.loads(json.dumps(fields, default=str)))

    number = incident.number
    act("assess_incident", "takahashi", incident=number, reportable=True, reason="100人超", decision_number="8-総総-91")
    for kind in ("prompt", "final"):
        act("report_to_commission", "sato", incident=number, report=kind, reported_on=today)
    act("notify_persons", "sato", incident=number, how="letter", notified_on=today, persons=150)
    act("publish_incident", "takahashi", incident=number, published=True, decided_on=today)
    act("discuss_measures", "sato", incident=number, discussed_on=today, participants="両責任者", decision="再教育")
    act("settle_incident", "takahashi", incident=number, decision_number="8-総総-92")
    measures = [it for it in year.facts().measures_for("release_hold") if it not in year.facts().claims]
    assert not measures
    act("release_hold", "takahashi", discussed_on=today, decision_number="8-総総-93")
    year.play(before="erase_ward_data")
    needles = everybody_invited(year)
    closed(year)
    told = unpacked(year.office, tmp_path / "bundle", needles)
    assert [(it["kind"], it["state"], it["duties"]) for it in told["incidents"]] == [("misdelivery", "settled", [])]


@pytest.mark.parametrize(
    "before", ["conclude_contract", "extract", "hand_over_password", "report_enclosing", "approve_posting", "post"]
)
def test_a_cancelled_year(year: Played, tmp_path: Path, before: str) -> None:
    """Wherever it stops, it passes return, erasure and close, owing only what it gave cause for; no letter is left."""
    year.play(before=before)
    imprinted = year.serials("printed", "enclosed")
    acting.perform(
        year.office, CYCLE, "cancel", by="takahashi", fields={"reason": "called_off", "decision_number": "8-総総-99"}
    )
    stacks = {item.number: item.state for item in year.facts().items if item.kind == "letters"}
    where = "with_ward" if before in {"approve_posting", "post"} else "with_contractor"
    assert stacks == ({"LT-2026-01": where} if imprinted else {})
    assert not year.serials("exported", "printed", "enclosed")
    if stacks:
        with pytest.raises(Refused):
            year.do("confirm_erasure")
    needles = everybody_invited(year)
    closed(year)
    told = unpacked(year.office, tmp_path / "bundle", needles)
    states = [move["state"] for move in told["history"]]
    assert states[states.index("cancelled") :] == ["cancelled", "media_returned", "erased", "closed"]
    assert all(item.state in {"erased", "destroyed"} for item in year.facts().items)


def test_two_years_in_a_row(year: Played, tmp_path: Path) -> None:
    """The second year begins with no measure done, the same programme, and people to be confirmed; both verify."""
    year.play(before="erase_ward_data")
    needles = everybody_invited(year)
    closed(year)
    office = year.office
    year.set_clock(datetime(YEAR + 1, 9, 1, 9, tzinfo=TOKYO))
    preparation.register_sample_people(office, YEAR + 1)
    with pytest.raises(Refused):
        preparation.open_year(office, YEAR + 1)
    confirm_people(office, tuple(it.id for it in preparation.everybody(office) if it.id != "suzuki"), YEAR + 1)
    second, is_new = preparation.open_year(office, YEAR + 1)
    assert is_new
    carried = carried_over(office, second)
    assert (carried.changed, carried.differs, len(carried.to_confirm)) == ((), (), 1)
    told = unpacked(year.office, tmp_path / "second", needles, second)
    assert not any(it["claim"] for it in told["measures"])
    assert [move["state"] for move in unpacked(year.office, tmp_path / "first", needles)["history"]][-1] == "closed"


def test_two_years_lived_through_in_one_installation(template_home: Path, tmp_path: Path) -> None:
    """The second year ends as the first did; each bundle verifies, and neither holds anybody of either year."""
    plan = Plan(year=YEAR, out=tmp_path / "first", persons=40, extract=None, late={}, seed=5, keep=False, faults=0)
    with rehearsed(template_home, plan) as first:
        first.run(lambda _today, _facts: None)
        office = first.office
        first.clock.set(datetime(YEAR + 1, 9, 1, 9, tzinfo=TOKYO))
        preparation.register_sample_people(office, YEAR + 1)
        confirm_people(office, tuple(it.id for it in preparation.everybody(office)), YEAR + 1)
        following = replace(plan, year=YEAR + 1, seed=6)
        people = Unsigned(
            office=office, cycle_id=f"hatachi-{YEAR + 1}", printer=Printer(folder=tmp_path / "second contractor")
        )
        second = Rehearsal(plan=following, people=people, machine=Directly(office, following))
        second.run(lambda _today, _facts: None)
        before, after = (register.everybody(it.plan, it.facts().programme) for it in (first, second))
        needles = before | after
        assert before
        assert after - before
        for rehearsal in (first, second):
            told = unpacked(office, tmp_path / rehearsal.cycle_id, needles, rehearsal.cycle_id)
            assert [move["state"] for move in told["history"]][-1] == "closed"
            assert {it["standing"] for it in told["measures"]} <= {"proved", "claimed", "no_occasion"}
