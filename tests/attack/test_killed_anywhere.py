"""Killed before any statement of SQL and any change of a file, whatever writes is whole or not there, and goes on."""

import json
import mailbox
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from deeds import DEEDS, Forks, forking, write_down
from figures import Figures
from playing import CYCLE, YEAR, begun

from adapters.sample import sample_extract, write_sample
from adapters.scanner import Finder
from models import tables
from models.database import reading
from rehearsal import laws
from states.table import BY_TRIGGER
from steps.office import Office
from steps.residents import needles_in

pytestmark = pytest.mark.attack
PERSONS = 40
POINTS = 28  # for each deed, spread evenly over all that it does
ALSO_ON_POSTGRESQL = ("conclude_contract", "take_extract", "extract", "seal_package", "hand_over_medium")
POINTS_ON_POSTGRESQL = 12
URL = "TSUDOI_DATABASE_URL"
# On the morning of which act a deed is done that is none of the plan's.
_MORNINGS = {
    "read_back_package": "hand_over_medium", "watch": "report_printing", "morning": "report_printing",
    "bundle": "close", "export": "close",
}  # fmt: skip
_REFUSED = "act_refused"  # what comes too late the second time is refused, and that is told
# Nobody knows whether a letter went that was being handed over: it is told as that, and never sent again.
_IN_DOUBT = {"reminder_lost": "reminder_sent"}
_HASH = re.compile(r"[0-9a-f]{12,}")
# What records count: the same, however often it took. Hashes, sizes and places are another's every time.
_COUNTS = (
    "raw_hits", "exported", "held", "excluded", "serials", "members", "medium", "notice", "held_back", "needles",
    "found", "vault_files_destroyed", "keys_destroyed", "absent",
)  # fmt: skip


_TOLD = re.compile(r'\[\d+, "2: ')  # in words of ours, whatever they are


@dataclass(frozen=True, kw_only=True)
class Morning:
    """A year as it stands before a deed: its folder, and on PostgreSQL the database that goes with it."""

    folder: Path
    server: Any = None
    database: str = ""

    @contextmanager
    def copied(self, folder: Path) -> Iterator[Path]:
        """Give a copy as long as this lasts, in whose database this process and its forks work."""
        shutil.copytree(self.folder, folder)
        with ExitStack() as stack:
            if self.server:
                url = stack.enter_context(self.server.fresh(self.database))
                stack.enter_context(pytest.MonkeyPatch.context()).setenv(URL, url)
            yield folder
        shutil.rmtree(folder)


def played(template_home: Path, folder: Path, deeds: Iterable[str], server: Any = None) -> Mapping[str, Morning]:
    """Play the year once, and keep it as it stands on the morning of every deed."""
    wanted, kept = {_MORNINGS.get(deed, deed) for deed in deeds}, dict[str, Morning]()
    with begun(template_home, folder / "year") as year:
        write_sample(sample_extract(fiscal_year=YEAR, persons=PERSONS), year.extract)
        for act in [act for act in BY_TRIGGER if act in wanted]:
            year.play(before=act)
            year.office.engine.dispose()
            kept[act] = Morning(folder=shutil.copytree(year.folder, folder / act), server=server)
            if server:
                name = year.office.settings.database.partition("@/")[2].partition("?")[0]
                server.run(f"CREATE DATABASE {act} TEMPLATE {name}")
                kept[act] = replace(kept[act], database=act)
            write_down(kept[act].folder, act)
    return {deed: kept[_MORNINGS.get(deed, deed)] for deed in deeds}


@pytest.fixture(scope="module")
def on_sqlite(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Morning]:
    return played(template_home, tmp_path_factory.mktemp("sqlite"), DEEDS)


@pytest.fixture(scope="module")
def on_postgresql(
    template_home: Path, tmp_path_factory: pytest.TempPathFactory, postgresql: Any
) -> Iterator[Mapping[str, Morning]]:
    with postgresql.fresh() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv(URL, url)
        yield played(template_home, tmp_path_factory.mktemp("postgresql"), ALSO_ON_POSTGRESQL, postgresql)


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with forking("deeds") as running:
        yield running


@pytest.fixture(scope="module")
def finder() -> Finder:
    """Find the residents of the extract wherever they may not be."""
    return Finder(needles_in(sample_extract(fiscal_year=YEAR, persons=PERSONS)))


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is seen of a year: what is not sound, what its ledger tells and how often, its files, what was counted."""

    troubles: tuple[str, ...]
    events: Counter[str]
    files: Counter[str]
    counts: Counter[str]

    def differences(self, expected: "Seen") -> Iterator[str]:
        """Return in what a year that was killed differs from one that was not."""
        yield from (f"missing entry {it}" for it in (expected.events - self.events).elements())
        yield from (f"entry too many {it}" for it in (self.events - expected.events).elements())
        yield from (f"missing file {it}" for it in (expected.files - self.files).elements())
        yield from (f"left over {it}" for it in (self.files - expected.files).elements())
        yield from (f"not counted {it}" for it in (expected.counts - self.counts).elements())


@dataclass(frozen=True, kw_only=True)
class Eye:
    """Looks at a year; what lay in it on its morning need not be searched for residents again."""

    finder: Finder
    files: dict[Path, tuple[int, int]] = field(default_factory=dict[Path, tuple[int, int]])

    def look(self, folder: Path) -> Seen:
        office = Office.open(folder / "home", folder / "inbox")
        view = laws.View(office=office, cycle_id=CYCLE, finder=self.finder, seen=laws.Seen(files=dict(self.files)))
        told = (entry["event"] for entry in view.entries)
        events = Counter(_IN_DOUBT.get(event, event) for event in told if event != _REFUSED)
        troubles = tuple(_troubles(office, view))
        office.engine.dispose()
        return Seen(troubles=troubles, events=events, files=Counter(_files(folder)), counts=Counter(_counts(view)))

    def knows(self, folder: Path) -> Path:
        """Search everything in a folder once, and return it."""
        office = Office.open(folder / "home", folder / "inbox")
        seen = laws.Seen(files=self.files)
        view = laws.View(office=office, cycle_id=CYCLE, finder=self.finder, seen=seen)
        assert list(laws.nobody_can_be_read_outside_the_vault(view)) == []
        office.engine.dispose()
        return folder


def _troubles(office: Office, view: laws.View) -> Iterator[str]:
    """Return what is not sound: the database itself, a law of the design, a letter that is there twice."""
    if office.engine.dialect.name == "sqlite":
        with reading(office.engine) as connection:
            yield from (str(row) for row in connection.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok")
            yield from (str(row) for row in connection.exec_driver_sql("PRAGMA foreign_key_check"))
    yield from (f"{law}: {where}" for law, where in laws.broken(view).items())
    if (letters := office.home / "mail" / "cur").is_dir():  # the last folder that is made of the three
        ids = Counter(letter["Message-ID"] for letter in mailbox.Maildir(letters.parent))
        yield from (f"{many} times {letter}" for letter, many in ids.items() if many > 1)


def _files(folder: Path) -> Iterator[str]:
    """Walk over the files of a year by their names; what is random or a hash in a name does not count."""
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_file() and not name.startswith(("home/tsudoi.db-", "home/mail/", "home/log")):
            yield _HASH.sub("#", name)


def _counts(view: laws.View) -> Iterator[str]:
    for record in view.rows(tables.Record):
        data = json.loads(record.data) if record.status == "done" else {}
        yield from (f"{record.act} {name}: {data[name]}" for name in _COUNTS if name in data)


@dataclass(frozen=True, kw_only=True)
class Killing:
    """Kills a deed, or lets its disk be full, at points spread evenly over all that it does."""

    forks: Forks
    eye: Eye
    year: Path
    harm: str = "dies"
    variables: Mapping[str, str] = field(default_factory=dict[str, str])

    def points(self, morning: Morning, deed: str, points: int) -> Iterator[tuple[str, list[str]]]:
        """Yield each point, and what was not as where no harm came."""
        with morning.copied(self.year) as year:
            before = self.eye.look(self.eye.knows(year))
            steps, told = json.loads(self._do(deed))
            assert told == "done"
            expected = self.eye.look(year)
        for point in sorted({1 + steps * point // points for point in range(points)}):
            with morning.copied(self.year) as year:
                ended = self._do(deed, point)
                stopped = self.eye.look(year)
                told = self._do(deed)
                again = self.eye.look(year)
            unseen = stopped.differences(expected) if _is_done(ended) else ()
            wrong = [*self._unheard(ended), *unseen, *stopped.troubles, *again.troubles, *again.differences(expected)]
            if not _is_done(told) and (stopped.events == before.events or not _TOLD.match(told)):
                wrong.append(told)
            yield f"{deed} {point}/{steps}", wrong

    def _unheard(self, ended: str) -> Iterator[str]:
        """Yield what a deed said where it is not as it must end: by a kill, or in words in which nobody is named."""
        if ended != "died" if self.harm == "dies" else not (_is_done(ended) or _TOLD.match(ended)):
            yield ended
        if self.eye.finder.found_in_text(ended):
            yield "somebody is named"

    def _do(self, deed: str, point: int = 0) -> str:
        return self.forks.do(self.year, deed, point, self.harm, **{URL: os.environ.get(URL, ""), **self.variables})


def _is_done(ended: str) -> bool:
    return ended.endswith(', "done"]')


def kill(
    killing: Killing, morning: Morning, deed: str, *, points: int, where: str, figures: Figures, what: str = "kills"
) -> None:
    bad = list[str]()
    for point, wrong in killing.points(morning, deed, points):
        figures.tell(what, where=f"{where}: {deed}", tried=1, held=int(not wrong))
        bad += [f"{point}: {it}" for it in wrong]
    assert bad == []


@pytest.fixture
def killing(forks: Forks, finder: Finder, tmp_path: Path) -> Killing:
    return Killing(forks=forks, eye=Eye(finder=finder), year=tmp_path / "year")


@pytest.mark.parametrize("deed", DEEDS)
def test_whatever_is_killed_is_whole_or_not_there_and_goes_on(
    on_sqlite: Mapping[str, Morning], killing: Killing, deed: str, figures: Figures
) -> None:
    """Killed anywhere: every law holds, nobody can be read; done again, all is as where nobody was killed."""
    kill(killing, on_sqlite[deed], deed, points=POINTS, where="SQLite", figures=figures)


@pytest.mark.xdist_group("postgresql")
@pytest.mark.parametrize("deed", ALSO_ON_POSTGRESQL)
def test_the_same_holds_on_postgresql(
    on_postgresql: Mapping[str, Morning], killing: Killing, deed: str, figures: Figures
) -> None:
    """The same where another process holds the database, and notices that a desk is gone."""
    kill(killing, on_postgresql[deed], deed, points=POINTS_ON_POSTGRESQL, where="PostgreSQL", figures=figures)
