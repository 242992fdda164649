"""Eight scripts record acts while eight people are at their desks, on a served office with SQLite: none is lost."""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from figures import Figures
from serving import TSUDOI, Serving, environment, free_port

from models.clock import fiscal_year_of
from models.database import reading
from states import ledger
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("prefect")]
YEAR = fiscal_year_of(datetime.now(ZoneInfo("Asia/Tokyo")).date())
RECORD, ACT, BY = "行為の記録", "claim_measures", "sato"
AT_ONCE, ROUNDS = 8, 1


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """Serve an office as it is made by hand: with fictional people who have keys, its year open."""
    for words in ("init --sample", f"cycle open {YEAR}"):
        subprocess.run([TSUDOI, *words.split()], env=environment(tmp_path), check=True, capture_output=True)
    served = Serving(tmp_path, free_port())
    served.wait_until_ready()
    yield served
    served.kill()


def test_eight_scripts_beside_eight_desks_are_all_entered(serving: Serving, figures: Figures) -> None:
    """Sent at the same moment, each run is taken and each desk is done: as many entries, and the ledger verifies."""
    serving.known = serving.deployments()
    here, scripts, desks = environment(serving.folder) | _session(serving.folder), list[str](), list[str]()
    with ThreadPoolExecutor(2 * AT_ONCE) as together:
        for turn in range(ROUNDS):
            sent = [together.submit(_send, serving, f"スクリプト {turn}-{n}") for n in range(AT_ONCE)]
            done = [together.submit(_enter, here, f"机 {turn}-{n}") for n in range(AT_ONCE)]
            runs = [it.result() for it in sent]
            scripts += [serving.end_of(run)["type"] for run in runs]
            desks += [it.result() for it in done]
    figures.tell(
        "acts at once", where="scripts at a served office", tried=len(scripts), held=scripts.count("COMPLETED")
    )
    figures.tell("acts at once", where="desks beside them", tried=len(desks), held=desks.count(""))
    assert scripts == ["COMPLETED"] * len(scripts)
    assert desks == [""] * len(desks)
    office = Office.open(serving.folder / "home", serving.folder / "inbox")
    with reading(office.engine) as connection:
        events = [json.loads(entry)["event"] for entry in ledger.entries(connection)]
    assert events.count("measures_claimed") == len(scripts) + len(desks)
    subprocess.run([TSUDOI, "ledger", "verify"], env=here, check=True, capture_output=True)


def _session(folder: Path) -> dict[str, str]:
    """Log a coordinator in, for all the desks."""
    told = subprocess.run(
        [TSUDOI, "login", BY, "--json"], env=environment(folder), input=f"{SAMPLE_PASSPHRASE}\n", text=True,
        check=True, capture_output=True,
    )  # fmt: skip
    return {key: value for key, value in json.loads(told.stdout).items() if key != "person"}


def _send(serving: Serving, evidence: str) -> str:
    """Ask for a run that records a claim, as a script does; return the run."""
    fields = {"measures": ["W-OP-01"], "evidence": evidence}
    return serving.start(RECORD, parameters={"act": ACT, "year": YEAR, "by": BY, "fields": fields})


def _enter(here: dict[str, str], evidence: str) -> str:
    """Enter the same at a desk; return what was said where it was not done."""
    fields = ("--set", 'measures=["W-OP-02"]', "--set", f"evidence={evidence}")
    command = [TSUDOI, "act", str(YEAR), ACT, "--by", BY, *fields]
    done = subprocess.run(command, env=here, text=True, check=False, capture_output=True)
    return "" if done.returncode == 0 else f"{done.returncode}: {done.stderr}"
