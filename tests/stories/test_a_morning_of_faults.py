"""A morning of faults: a served office, and somebody is dead at a moment of it; the next run puts everything right.

The year has an act that is late and a package that the machine has to seal. What must have come of the morning is what
came of it where nobody died.
"""

import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from playing import CYCLE, begun
from receivers import Post, free_port, mail_server
from serving import PATIENCE, Serving, until
from sqlalchemy import select
from sqlmodel import col

from models import tables
from models.clock import TOKYO
from models.database import reading
from steps import auditing
from steps.office import Office

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("prefect")]

STRIKING = Path(__file__).with_name("striking")
MORNING = "朝の点検"
UNDER_WAY, RED = ["PENDING", "RUNNING", "CANCELLING"], ["FAILED", "CRASHED"]
LATE = "2 対象者抽出: 追加抽出（戸籍住民課）"
# In the order of the morning: the machine's work, flags and outbox, letters, stages, board, red. Beside it who dies.
MOMENTS = {
    "steps.transfer:seal_package before": "server",
    "states.door:Door.perform after": "run",
    "steps.reminding:sweep before": "runner",
    "steps.reminding:sweep after": "run",
    "steps.reminding:tell_of_the_morning after": "server",
    "adapters.carrier:SmtpCarrier.send before": "runner",
    "adapters.carrier:SmtpCarrier.send after": "run",
    "steps.reminding:_carry after": "server",
    "flows.stage:AtWork.end after": "run",
    "flows.board:_write before": "runner",
    "flows.year:take_back_the_red before": "run",
    "flows.year:_ended before": "server",
}


@dataclass(frozen=True, kw_only=True)
class Came:
    """What came of a morning: the entries of the ledger, the letters, what is red, and how the outbox stands."""

    entries: Counter[str]
    letters: Counter[tuple[str, str]]
    red: list[str]
    reminders: Counter[str]


@dataclass(kw_only=True)
class Morning:
    """An office that is served on a morning, with its mail; `strike` is the moment, and who dies in it."""

    folder: Path
    strike: str = ""
    post: Post = field(default_factory=Post)
    served: list[Serving] = field(default_factory=list[Serving])
    smtp: int = field(default_factory=free_port)
    port: int = field(default_factory=free_port)

    @property
    def office(self) -> Office:
        return Office.open(self.folder / "home", self.folder / "inbox")

    @property
    def has_struck(self) -> bool:
        return (self.folder / "struck").exists()

    def serve(self) -> Serving:
        settings = {"TSUDOI_MAIL": f"smtp://127.0.0.1:{self.smtp}", "TSUDOI_ALLOWED_HOSTS": '["127.0.0.1"]'}
        if self.strike:
            settings |= {
                "PYTHONPATH": str(STRIKING), "STRIKE": self.strike, "STRUCK": str(self.folder / "struck"),
            }  # fmt: skip
        self.served.append(Serving(self.folder, self.port, **settings))
        self.served[-1].wait_until_ready()
        return self.served[-1]

    def until_it_strikes(self, served: Serving) -> None:
        """Ask for the morning's run, and wait for the moment; who asks may meet it."""
        with suppress(httpx.HTTPError):
            served.start(MORNING)
        until(lambda: self.has_struck, or_else=served.out.read_text)

    def come_to_an_end(self, served: Serving) -> Came:
        """Ask for the next run, wait until nothing is under way, and tell what has come of the morning."""
        until(lambda: not runs(served, MORNING, *UNDER_WAY), or_else=served.out.read_text)
        ended = list[str]()  # cancelled is what comes while the one that was cut short runs again
        until(lambda: ended.append(served.end_of(served.start(MORNING))["type"]) or ended[-1] != "CANCELLED")
        assert ended[-1] == "COMPLETED"
        until(lambda: not runs(served, "", *UNDER_WAY), or_else=lambda: f"{names(runs(served, '', *UNDER_WAY))}")
        office = self.office
        auditing.verify(office)
        with reading(office.engine) as connection:
            told = connection.execute(select(col(tables.Ledger.event))).scalars().all()
            states = connection.execute(select(col(tables.Reminder.state))).scalars().all()
        office.engine.dispose()
        return Came(
            entries=Counter(told), reminders=Counter(states), red=names(runs(served, "", *RED)),
            letters=Counter((str(it["To"]), str(it["Subject"])) for it in self.post.letters),
        )  # fmt: skip

    def sweep_up(self) -> None:
        """Leave nothing behind: what a dead runner has left has its data directory in its surroundings."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("TSUDOI_HOME") == str(self.folder / "home") and process.pid != os.getpid():
                    process.kill()
        for one in self.served:
            one.process.wait(PATIENCE)


def runs(served: Serving, flow: str, *states: str) -> list[dict[str, Any]]:
    """Return the runs in these states that have begun, of one flow or of all."""
    mine = {"flows": {"name": {"any_": [flow]}}} if flow else {}
    return served.ask("/flow_runs/filter", flow_runs={"state": {"type": {"any_": list(states)}}}, **mine)


def names(found: list[dict[str, Any]]) -> list[str]:
    return sorted(f"{run['name']} {run['state']['name']}" for run in found)


@pytest.fixture(scope="module")
def evening(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an office that was served and has stopped: over night an act comes to be late and a package to be sealed."""
    folder = tmp_path_factory.mktemp("evening") / "year"
    with begun(template_home, folder) as year:
        year.play(before="recheck_before_sealing")
        morning = Morning(folder=folder)
        try:
            served = morning.serve()
            until(lambda: bool(served.board(CYCLE)))
            until(lambda: not runs(served, "", *UNDER_WAY))
            served.end()
        finally:
            morning.sweep_up()
        year.set_clock(datetime(2026, 11, 17, 8, tzinfo=TOKYO))
        year.do("recheck_before_sealing")
        year.set_clock(datetime(2026, 11, 17, 9, tzinfo=TOKYO))
    return folder


@contextmanager
def morning_of(evening: Path, folder: Path, strike: str = "") -> Iterator[Morning]:
    """Give the morning after that evening, in a folder of its own."""
    morning = Morning(folder=folder, strike=strike)
    shutil.copytree(evening, folder)
    with mail_server(morning.post, morning.smtp):
        try:
            yield morning
        finally:
            morning.sweep_up()


@pytest.fixture(scope="module")
def undisturbed(evening: Path, tmp_path_factory: pytest.TempPathFactory) -> Came:
    """Tell what comes of the morning where nobody dies."""
    with morning_of(evening, tmp_path_factory.mktemp("undisturbed") / "year") as morning:
        came = morning.come_to_an_end(served := morning.serve())
        assert "Traceback" not in served.out.read_text(), "a red run is no error on the console"
    assert came.entries["package_sealed"] == 1
    assert came.letters.total() > 0
    assert set(came.reminders) == {"sent"}  # several in a letter
    assert [line.partition(" 期限超過")[0] for line in came.red] == [LATE, "令和8年度 はたちのつどい"]
    return came


@pytest.mark.parametrize(("moment", "who"), MOMENTS.items())
def test_after_a_kill_the_next_run_puts_everything_right(
    evening: Path, undisturbed: Came, tmp_path: Path, moment: str, who: str
) -> None:
    """Nothing is done twice and nothing is lost; what is red, and that nothing is under way, is as without the kill.

    Of one letter that was on its way nobody knows whether it went: all in it is said to be lost, and not sent again.
    """
    with morning_of(evening, tmp_path / "year", f"{moment} {who}") as morning:
        served = morning.serve()
        morning.until_it_strikes(served)
        if who != "run":
            assert served.process.wait(PATIENCE) == (2 if who == "server" else -signal.SIGKILL), served.out.read_text()
            served = morning.serve()
        came = morning.come_to_an_end(served)
    lost = came.entries.pop("reminder_lost", 0)
    # Where the server dies the run goes on until `serve` ends it, and may be at another letter by then.
    assert not lost or "SmtpCarrier.send" in moment or who == "server"
    assert came.entries + Counter(reminder_sent=lost) == undisturbed.entries
    assert came.letters <= undisturbed.letters
    assert (undisturbed.letters - came.letters).total() <= bool(lost)
    assert came.reminders == Counter({"sent": undisturbed.reminders["sent"] - lost, "unknown": lost})
    assert came.red == undisturbed.red
