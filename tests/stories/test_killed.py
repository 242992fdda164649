"""Killed with kill -9 at any moment and started again, it goes on; no half state is kept, and nobody can be read."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from telling import CYCLE, YEAR, Stage, passes

from adapters.clock import VirtualClock
from adapters.programmes import measures_of
from adapters.sample import sample_extract, write_sample
from adapters.scanner import scan
from models.clock import TOKYO
from models.database import reading
from models.words import translate
from rehearsal import cast
from rehearsal.cast import Scene
from rehearsal.printer import Printer
from states import ledger
from states.table import BY_TRIGGER
from steps import acting
from steps.extraction import ADDRESSEES, addressees_of
from steps.office import Office
from steps.residents import needles_in

DYING = Path(__file__).with_name("dying.py")
CONTRACT = (
    "act", "2026", "conclude_contract", "--by", "sato", "--key", "one", "--set", "contract_number=8-1", "--set",
    "begins_on=2026-10-01", "--set", "ends_on=2026-12-25", "--set", "special_provisions_attached=true",
    "--set", "certificate_number=1", "--set", "certificate_until=2027-03-31",
    "--set", "decision_number=8-総総-101", "--set", "approved_on=2026-09-01",
)  # fmt: skip
Moment = Callable[[Stage], bool]


def _exists(*places: str) -> Moment:
    return lambda stage: any(path for place in places for path in stage.out.glob(place))


def _on(day: str) -> Moment:
    return lambda stage: (stage.home / "clock").exists() and (stage.home / "clock").read_text(encoding="ascii") >= day


def _gone(place: str, *, after: str) -> Moment:
    reached = _on(after)
    return lambda stage: reached(stage) and not any(stage.out.glob(place))


# From the first folder to the last paper; in this order, for one rehearsal is killed at each of them in turn.
MOMENTS: dict[str, Moment] = {
    "the year is opened": _on("2026-09-28"),
    "the extract lies in the inbox": _exists("inbox/*.csv"),
    "the vault is made": _exists(f"home/vault/{CYCLE}/*"),
    "the package is sealed": _exists("home/outgoing/*.7z"),
    "the contractor opens the package": _exists("contractor/opened/*"),
    "the letters are printed": _exists("contractor/letters/letters-0000001-*.pdf"),
    "the letters are posted": _on("2026-12-01"),
    "the contractor has erased": _gone("contractor/opened", after="2026-12-14"),
    "the key is destroyed": _gone("home/keys/vault/*.key", after="2027-01-18"),
    "the year is closed": _exists("papers/specimen-letter.pdf"),
}
SAMPLE = ("the key is destroyed",)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Give an empty stage; whatever a kill leaves running ends with the test."""
    stage = Stage(folder=tmp_path, persons=50)
    yield stage
    stage.sweep_up()


def _killed(stage: Stage, moment: Moment) -> bool:
    """Start the rehearsal, or let it go on, and kill it at a moment; tell whether it was still running."""
    process = stage.start()
    while passes(process):
        if moment(stage):
            process.send_signal(signal.SIGKILL)
            break
    return process.wait() == -signal.SIGKILL


def _play_with_kills(stage: Stage, names: tuple[str, ...]) -> None:
    needles = stage.needles()
    for name in names:
        assert _killed(stage, MOMENTS[name]), f"{name}: {stage.said()}"
        stage.sweep_up()
        found = stage.look(needles, exclude=(stage.out / "inbox", stage.out / "contractor"))
        assert found.places == (), name
    stage.play()
    assert stage.said().count(translate("The interrupted rehearsal goes on.", "ja")) == len(names)
    assert stage.look(needles).places == ()
    told = json.loads((stage.out / "summary.json").read_text(encoding="utf-8"))
    assert (told["state"], told["persons"], told["personal_data_found"]) == ("closed", 50, 0)
    assert told["exported"] + told["added"] == told["posted"] + told["pulled"]
    assert (told["overdue"], told["ledger_verified"], told["counts_hold"]) == (0, True, True)
    _each_step_happened_once(stage)


def _each_step_happened_once(stage: Stage) -> None:
    entries = json.loads(stage.run("ledger", "show", "--last", 9999, "--json").stdout)
    events = [entry["event"] for entry in entries]
    once = ("extract_checked", "package_sealed", "medium_handed_over", "password_handed_over", "letters_posted",
            "ward_data_erased", "year_closed")  # fmt: skip
    assert {event: events.count(event) for event in once} == dict.fromkeys(once, 1)


@pytest.mark.xdist_group("killed")
def test_a_rehearsal_killed_once_ends_as_one_that_was_not(stage: Stage) -> None:
    """Killed while it destroys the ward's data, it goes on and closes with counts that hold."""
    _play_with_kills(stage, SAMPLE)


@pytest.mark.long
def test_a_rehearsal_killed_at_every_moment_ends_as_one_that_was_not(stage: Stage) -> None:
    """Killed ten times on its way, from the first folder to the last paper, it closes all the same."""
    _play_with_kills(stage, tuple(MOMENTS))


@pytest.mark.long
@pytest.mark.parametrize(
    "where",
    [
        "steps.arriving:emptied before 1",
        "steps.extraction:decide_all before 1",
        "steps.transfer:print_package_papers before 1",
        "steps.erasure:_erase_outgoing before 1",
    ],
)
def test_a_rehearsal_killed_right_after_an_act_does_what_follows_it(tmp_path: Path, where: str) -> None:
    """Killed between an act's record and what follows it at once, the rehearsal makes up for it and closes."""
    stage = Stage(folder=tmp_path, persons=200)
    command = [sys.executable, DYING, *where.split(), "--", "rehearse", str(YEAR), "--out", stage.out]
    with (stage.folder / "said").open("wb") as said:
        killed = subprocess.run(
            [*command, "--persons", "200"], env=stage.surroundings(), stdout=said, stderr=said, check=False
        )
    assert killed.returncode == -signal.SIGKILL, stage.said()
    stage.play()
    told = json.loads((stage.out / "summary.json").read_text(encoding="utf-8"))
    assert (told["state"], told["overdue"], told["personal_data_found"]) == ("closed", 0, 0)
    assert stage.look(stage.needles()).places == ()
    _each_step_happened_once(stage)


@pytest.mark.long
@pytest.mark.parametrize("moment", ["the year is opened", "the letters are printed"])
def test_a_killed_rehearsal_leaves_no_process(stage: Stage, moment: str) -> None:
    """Half a minute after the kill neither Prefect's server nor a child of the press is left."""
    assert _killed(stage, MOMENTS[moment])
    _gone_by_now, left = psutil.wait_procs(stage.processes(), timeout=30)
    assert [" ".join(process.cmdline())[:200] for process in left] == []


# Taking the extract, and an act: a process that dies at a function, and the same command again.


@pytest.fixture(scope="module")
def ready(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bring a year to the morning of the extraction, with the extract in the inbox."""
    folder = tmp_path_factory.mktemp("ready")
    shutil.copytree(template_home, folder / "home")
    (folder / "inbox").mkdir()
    office = Office.open(folder / "home", folder / "inbox")
    measures = [measure.id for measure in measures_of("hatachi/measures.yaml")]
    for side, by in (("W", cast.COORDINATOR), ("C", cast.MANAGER)):
        fields = {"measures": [it for it in measures if it.startswith(side)], "evidence": "点検表"}
        acting.perform(office, CYCLE, "claim_measures", by=by, fields=fields)
    for act in (
        "conclude_contract",
        "register_handlers",
        "declare_cloud_use",
        "submit_work_plan",
        "confirm_contacts",
        "confirm_readiness",
    ):
        _do(office, act)
    VirtualClock(office.home / "clock").set(datetime(YEAR, 11, 2, 10, tzinfo=TOKYO))
    write_sample(sample_extract(fiscal_year=YEAR, persons=40), folder / "inbox/extract.csv")
    office.engine.dispose()
    return folder


def _do(office: Office, act: str) -> None:
    facts = office.facts(CYCLE)
    due = facts.due[act]
    VirtualClock(office.home / "clock").set(datetime(due.year, due.month, due.day, 10, tzinfo=TOKYO))
    by = cast.person_for(BY_TRIGGER[act].who)
    scene = Scene(office=office, facts=facts, printer=Printer(folder=office.home))
    entered = json.loads(json.dumps(cast.fields(act, scene), default=str))
    acting.perform(office, CYCLE, act, by=by, fields=entered)


def _run(folder: Path, *command: str | Path) -> "subprocess.CompletedProcess[str]":
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TSUDOI_")}
    (folder / "tmp").mkdir(exist_ok=True)
    surroundings = {
        **kept, "TSUDOI_HOME": str(folder / "home"), "TSUDOI_INBOX": str(folder / "inbox"),
        "TMPDIR": str(folder / "tmp"),
    }  # fmt: skip
    return subprocess.run([sys.executable, *command], env=surroundings, capture_output=True, text=True, check=False)


def _tsudoi(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return _run(folder, Path(sys.executable).with_name("tsudoi"), *arguments)


def _dies(folder: Path, where: str, *arguments: str) -> None:
    assert _run(folder, DYING, *where.split(), "--", *arguments).returncode == -signal.SIGKILL


def _entries(office: Office) -> list[dict[str, Any]]:
    with reading(office.engine) as connection:
        return [json.loads(line) for line in ledger.entries(connection)]


LONG = pytest.mark.long
TAKE = ("extract", "take", "--year", "2026", "--by", "watanabe", "--expect", "1-100")


@pytest.mark.parametrize(
    "where",
    [
        pytest.param("adapters.vault:Vault.create after 1", marks=LONG),
        pytest.param("adapters.vault:Vault.write before 1", marks=LONG),
        "adapters.vault:Vault.write after 1",
        pytest.param("adapters.vault:Vault.write after 2", marks=LONG),
        pytest.param("states.door:Door.perform before 1", marks=LONG),
        "states.door:Door.perform after 1",
        pytest.param("steps.prints:extract_report after 1", marks=LONG),
        pytest.param("steps.arriving:emptied before 1", marks=LONG),
    ],
)
def test_a_killed_taking_goes_on(ready: Path, tmp_path: Path, where: str) -> None:
    """Killed anywhere before the inbox is emptied, and run again: taken once, the inbox empty, nobody readable."""
    folder = shutil.copytree(ready, tmp_path / "year")
    needles = needles_in(sample_extract(fiscal_year=YEAR, persons=40))
    _dies(folder, where, *TAKE)
    assert scan([folder / "home", folder / "tmp"], needles).places == ()
    again = _tsudoi(folder, *TAKE)
    assert again.returncode == 0, again.stderr
    _is_taken_once(folder, needles)


@pytest.mark.parametrize(
    "where",
    [
        "adapters.vault:_overwrite before 1",
        pytest.param("adapters.vault:_overwrite after 1", marks=LONG),
        pytest.param("steps.arriving:shred after 1", marks=LONG),
    ],
)
def test_a_taking_killed_while_it_erases_the_inbox_is_ended_by_the_next(
    ready: Path, tmp_path: Path, where: str
) -> None:
    """Killed while the inbox is being emptied, the next taking erases what is left and says that the inbox is empty."""
    folder = shutil.copytree(ready, tmp_path / "year")
    needles = needles_in(sample_extract(fiscal_year=YEAR, persons=40))
    _dies(folder, where, *TAKE)
    again = _tsudoi(folder, *TAKE)
    assert again.returncode == 2
    assert "→" in again.stderr
    _is_taken_once(folder, needles)


def _is_taken_once(folder: Path, needles: set[str]) -> None:
    assert list((folder / "inbox").iterdir()) == []
    assert scan([folder], needles).places == ()
    office = Office.open(folder / "home", folder / "inbox")
    assert [entry["event"] for entry in _entries(office)].count("extract_taken") == 1
    assert len(list(addressees_of(office, CYCLE, ADDRESSEES))) == 40
    assert (office.papers / "extract-report.pdf").exists()
    office.engine.dispose()


@pytest.mark.parametrize(
    ("where", "done"),
    [
        pytest.param("states.door:Door._perform before 1", False, marks=LONG),
        ("states.ledger:append after 1", False),
        pytest.param("states.door:apply after 1", False, marks=LONG),
        pytest.param("states.door:reschedule after 1", False, marks=LONG),
        ("states.door:Door.perform after 1", True),
        pytest.param("steps.after:follow before 1", True, marks=LONG),
    ],
)
def test_a_killed_act_is_done_or_not_but_never_half(
    template_home: Path, tmp_path: Path, where: str, *, done: bool
) -> None:
    """Killed inside the one transaction nothing is there, killed after it everything is; the same key does it once."""
    folder = tmp_path / "year"
    shutil.copytree(template_home, folder / "home")
    office = Office.open(folder / "home", folder / "inbox")
    for measure, by in (("W-OP-01", "sato"), ("C-OP-01", "asahi")):
        acting.perform(office, CYCLE, "claim_measures", by=by, fields={"measures": measure, "evidence": "点検表"})
    _dies(folder, where, *CONTRACT)
    facts, events = office.facts(CYCLE), [entry["event"] for entry in _entries(office)]
    assert ("conclude_contract" in facts.done, facts.state == "contracted") == (done, done)
    assert events.count("contract_concluded") == int(done)
    again = _tsudoi(folder, *CONTRACT)
    assert again.returncode == 0, again.stderr
    assert office.facts(CYCLE).state == "contracted"
    assert [entry["event"] for entry in _entries(office)].count("contract_concluded") == 1
    assert _tsudoi(folder, "ledger", "verify").returncode == 0
    office.engine.dispose()
