"""What goes wrong around a served office: nothing is lost or done twice, and whoever looks is told in a line."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from receivers import Post, mail_server
from serving import PATIENCE, TSUDOI, Serving, environment, free_port, until
from sqlalchemy import func, select
from sqlmodel import col

from adapters import dashboard
from adapters.clock import VirtualClock
from adapters.dashboard import Asking
from models import tables
from models.clock import TOKYO
from models.database import reading
from models.words import translate
from steps import acting, asking, preparation
from steps.office import Office

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("prefect")]

CYCLE, SECRET, WRONG = "hatachi-2026", "tsudoi:0123456789abcdefghijklmn", "tsudoi:nmlkjihgfedcba9876543210"
MORNING = "朝の点検"
CLAIM = {"measures": ["W-OP-01"], "evidence": "契約書"}


def office_in(folder: Path) -> Office:
    """Give an office whose year 2026 is open, on the morning of Wednesday 2026-09-30."""
    (folder / "home").mkdir(parents=True)
    go_to(folder, datetime(2026, 9, 30, 8, tzinfo=TOKYO))
    office = preparation.install(folder / "home", folder / "inbox", rehearsal=True)
    preparation.register_sample_people(office, 2026)
    preparation.open_year(office, 2026)
    return office


def go_to(folder: Path, at: datetime) -> None:
    VirtualClock(folder / "home" / "clock").set(at)


def claims(office: Office) -> int:
    with reading(office.engine) as connection:
        query = select(func.count()).where(col(tables.Ledger.event) == "measures_claimed")
        return connection.execute(query).scalar_one()


def shows(served: Serving, seq: int) -> None:
    until(lambda: f"管理簿 {seq} 番まで" in served.board(CYCLE), or_else=served.out.read_text)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Serving]:
    """Give a Prefect server that somebody else runs, with none of our deployments; it is killed by its number."""
    server = Serving(tmp_path / "web", free_port(), "--server-only", PREFECT_SERVER_API_AUTH_STRING=SECRET)
    server.wait_until_healthy()
    yield server
    server.kill()


def test_a_server_elsewhere_that_does_not_know_us(elsewhere: Serving, tmp_path: Path) -> None:
    """Without our deployments an ask is dropped and the desk's act holds; a wrong credential is refused in two lines.

    `serve` with the right one registers what is ours, and what was dropped is shown.
    """
    folder = tmp_path / "office"
    office = office_in(folder)
    unknown = {name: str(uuid4()) for name in (asking.YEAR, asking.ALL_YEARS, asking.OPENING)}
    dashboard.say_where(office.home, Asking(api=f"{elsewhere.base}/api", credential=SECRET, deployments=unknown))
    done = acting.perform(office, CYCLE, "claim_measures", by="sato", fields=CLAIM)
    assert not asking.for_a_look(office, CYCLE, done.seq)
    where = {"PREFECT_API_URL": f"{elsewhere.base}/api", "PREFECT_API_AUTH_STRING": WRONG}
    told = subprocess.run(
        [TSUDOI, "serve"],
        env=environment(folder) | where,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    refused = translate("The Prefect server refused the deployments (HTTP {status}).", "ja").format(status=401)
    assert (told.returncode, told.stderr.splitlines()[0], len(told.stderr.splitlines())) == (2, refused, 2), told.stderr
    assert WRONG.partition(":")[2] not in told.stderr
    flows = Serving(folder, elsewhere.port, secret=SECRET)
    try:
        flows.wait_until_ready()
        shows(flows, done.seq)
        flows.end()
    finally:
        flows.kill()
    assert claims(office) == 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of an office that is served from here."""
    return tmp_path / "office"


def test_a_served_office_amid_faults(folder: Path) -> None:
    """Ten asks are a look or two; a leaping clock writes to nobody; with Prefect's database only history is gone."""
    office, port, smtp = office_in(folder), free_port(), free_port()
    mail = {"TSUDOI_MAIL": f"smtp://127.0.0.1:{smtp}", "TSUDOI_ALLOWED_HOSTS": '["127.0.0.1"]'}
    done = acting.perform(office, CYCLE, "claim_measures", by="sato", fields=CLAIM)
    with mail_server(Post(), smtp) as post:
        served = Serving(folder, port, **mail)
        try:
            served.wait_until_ready()
            shows(served, done.seq)
            ten_asks_are_a_look_or_two(served)
            a_clock_that_leaps_writes_to_nobody(served, folder, post)
            known = set(served.deployments())
            served.end()
            for file in (folder / "home" / "prefect").glob("prefect.db*"):
                file.unlink()
            served = Serving(folder, port, **mail)
            served.wait_until_ready()
            until(lambda: "番まで" in served.board(CYCLE), or_else=served.out.read_text)
            assert set(served.deployments()) == known
            until(lambda: len(runs(served)) == 1, or_else=served.out.read_text)
            served.end()
        finally:
            served.kill()
    assert claims(office) == 1


def runs(served: Serving) -> Counter[str]:
    """Count the runs of the year that are over, by the names of their states."""
    mine = {"flows": {"name": {"any_": [asking.YEAR]}}}
    over = {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]}}}
    return Counter(run["state"]["name"] for run in served.ask("/flow_runs/filter", flow_runs=over, **mine))


def ten_asks_are_a_look_or_two(served: Serving) -> None:
    at = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": at}}
    year = {"parameters": {"fiscal_year": 2026, "programme": "hatachi"}, "tags": [CYCLE], "state": state}
    served.known = served.deployments()
    with ThreadPoolExecutor(10) as pool:
        asked = list(pool.map(lambda _number: served.start(asking.YEAR, **year), range(10)))
    ended = Counter(served.end_of(run)["name"] for run in asked)
    assert set(ended) == {"まとめて処理", "待ち"}
    assert ended["待ち"] <= 2, "one may be on its way to a process already when the first looks"


def a_clock_that_leaps_writes_to_nobody(served: Serving, folder: Path, post: Post) -> None:
    go_to(folder, datetime(2026, 10, 1, 9, tzinfo=TOKYO))
    assert served.end_of(served.start(MORNING))["type"] == "COMPLETED"
    told = len(post.letters)
    assert told
    go_to(folder, datetime(2027, 10, 1, 9, tzinfo=TOKYO))
    assert served.end_of(served.start(MORNING))["type"] == "COMPLETED"
    assert len(post.letters) == told
    go_to(folder, datetime(2026, 10, 1, 9, 30, tzinfo=TOKYO))
    assert served.end_of(served.start(MORNING))["type"] == "COMPLETED"
    assert len(post.letters) == told, "nobody is told twice on a day"
