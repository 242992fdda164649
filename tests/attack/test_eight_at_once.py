"""Eight people fill in forms while eight are at their desks, on a served office with SQLite: nobody's act is lost."""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from figures import Figures
from serving import PATIENCE, TSUDOI, Serving, environment, free_port, with_token

from models.clock import fiscal_year_of
from models.database import reading
from states import ledger
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("prefect")]
YEAR = fiscal_year_of(datetime.now(ZoneInfo("Asia/Tokyo")).date())
FORM, ACT, BY = "対策の実施記録", "claim_measures", "sato"
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


def test_eight_forms_beside_eight_desks_are_all_entered(serving: Serving, figures: Figures) -> None:
    """Sent at the same moment, each form is taken and each desk is done: as many entries, and the ledger verifies."""
    deployment = next(it["id"] for name, it in serving.deployments().items() if name.endswith(FORM))
    here, forms, desks = environment(serving.folder) | _session(serving.folder), list[str](), list[str]()
    with closing(_browser(serving)) as browser, ThreadPoolExecutor(2 * AT_ONCE) as together:
        for turn in range(ROUNDS):
            sent = [together.submit(_send, browser, deployment, f"様式 {turn}-{n}") for n in range(AT_ONCE)]
            done = [together.submit(_enter, here, f"机 {turn}-{n}") for n in range(AT_ONCE)]
            runs = [it.result() for it in sent]
            forms += [run if run.isdecimal() else serving.end_of(run)["type"] for run in runs]
            desks += [it.result() for it in done]
    figures.tell("acts at once", where="forms of a served office", tried=len(forms), held=forms.count("COMPLETED"))
    figures.tell("acts at once", where="desks beside them", tried=len(desks), held=desks.count(""))
    assert forms == ["COMPLETED"] * len(forms)
    assert desks == [""] * len(desks)
    office = Office.open(serving.folder / "home", serving.folder / "inbox")
    with reading(office.engine) as connection:
        events = [json.loads(entry)["event"] for entry in ledger.entries(connection)]
    assert events.count("measures_claimed") == len(forms) + len(desks)
    subprocess.run([TSUDOI, "ledger", "verify"], env=here, check=True, capture_output=True)


def _session(folder: Path) -> dict[str, str]:
    """Log a coordinator in, for all the desks."""
    told = subprocess.run(
        [TSUDOI, "login", BY, "--json"], env=environment(folder), input=f"{SAMPLE_PASSPHRASE}\n", text=True,
        check=True, capture_output=True,
    )  # fmt: skip
    return {key: value for key, value in json.loads(told.stdout).items() if key != "person"}


def _browser(serving: Serving) -> httpx.Client:
    """Give a client that came in by a link, as a browser does."""
    client = httpx.Client(base_url=f"{serving.base}/api", timeout=PATIENCE, trust_env=False)
    assert client.get(serving.link()).status_code == HTTPStatus.SEE_OTHER
    with_token(client)
    return client


def _send(browser: httpx.Client, deployment: str, evidence: str) -> str:
    """Send a form as the dashboard does; return the run, or the status of the refusal."""
    form = {"year": YEAR, "by": BY, "measures": ["W-OP-01"], "evidence": evidence}
    asked = {"parameters": {"form": form}, "state": {"type": "SCHEDULED"}}
    answer = browser.post(f"/deployments/{deployment}/create_flow_run", json=asked)
    return answer.json()["id"] if answer.is_success else str(answer.status_code)


def _enter(here: dict[str, str], evidence: str) -> str:
    """Enter the same at a desk; return what was said where it was not done."""
    fields = ("--set", 'measures=["W-OP-02"]', "--set", f"evidence={evidence}")
    command = [TSUDOI, "act", str(YEAR), ACT, "--by", BY, *fields]
    done = subprocess.run(command, env=here, text=True, check=False, capture_output=True)
    return "" if done.returncode == 0 else f"{done.returncode}: {done.stderr}"
