"""What a desk does that writes, one deed each, as a person or a morning would do it; and a way to do them by forks."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path

from playing import CYCLE, YEAR, Played

from adapters.fonts import GlyphTable, default_font
from models.errors import Refused, TsudoiError, Unknown
from rehearsal import cast
from rehearsal.cast import Scene
from states.acts import Outcome
from states.calendar import Calendar
from states.table import BY_TRIGGER
from steps import acting, after, auditing, bundle, erasure, extraction, reminding, transfer
from steps.after import words_of_what_is_left
from steps.office import Office

HERE = Path(__file__).parent
# What the desk loads only when it is needed.
_LATE = (
    "_sqlite3", "adapters.package", "adapters.press", "adapters.spreadsheet", "adapters.vault", "encodings.cp932",
    "encodings.euc_jp", "encodings.iso2022_jp", "encodings.utf_16_le", "polars", "sqlite3", "papers.forms",
    "steps.incidents", "steps.judging", "steps.prints", "steps.protection", "steps.roll",
)  # fmt: skip


def warm() -> None:
    """Load what every deed needs, but start no thread: a fork would not have it."""
    for name in _LATE:
        import_module(name)
    GlyphTable.load(default_font())
    for year in range(YEAR, YEAR + 3):
        Calendar().is_open(date(year, 1, 4))


def _office(folder: Path) -> Office:
    return Office.open(folder / "home", folder / "inbox")


def write_down(folder: Path, trigger: str) -> None:
    """Let the cast write down what will be entered for an act, so that it can be entered twice."""
    if trigger in cast.PLAYS:
        year = Played(folder=folder, office=_office(folder))
        scene = Scene(office=year.office, facts=year.facts(), printer=year.printer)
        (folder / "entered.json").write_text(json.dumps(cast.fields(trigger, scene), default=str), encoding="utf-8")
        year.office.engine.dispose()


def _whole(outcome: Outcome | None) -> None:
    """Say what is left after an act, as the desk does; what is not whole is not done."""
    if outcome and outcome.left:
        raise TsudoiError(words_of_what_is_left(outcome))


def _act(trigger: str) -> Callable[[Path], object]:
    """Enter an act as it was written down, under one key, and have it confirmed where a second person must."""

    def do(folder: Path) -> None:
        office, fields = _office(folder), json.loads((folder / "entered.json").read_bytes())
        row, today = BY_TRIGGER[trigger], office.clock.now().date()
        by = cast.person_for(row.who)
        _whole(acting.perform(office, CYCLE, trigger, by=by, fields=fields, key=f"attack/{trigger}"))
        if row.second:
            by = cast.person_for(row.second, but=by)
            _whole(acting.confirm(office, CYCLE, trigger, by=by, decision_number="8-総総-1", decided_on=today))

    return do


def _take(folder: Path) -> None:
    """Take the extract; where nothing is left in the inbox to take again, ask for its page as the words tell."""
    office = _office(folder)
    try:
        _whole(extraction.take_extract(office, CYCLE, None, by=cast.REGISTRAR, expect=(1, 1000)).outcome)
    except (Refused, Unknown):
        with office.look(CYCLE) as here:
            facts = here.facts
        _whole(after.again(office, facts, "take_extract", by=cast.REGISTRAR))


def _seal(folder: Path) -> None:
    _whole(transfer.seal_package(_office(folder), CYCLE, by=cast.REGISTRAR))


def _read_back(folder: Path) -> None:
    _whole(transfer.read_back_package(_office(folder), CYCLE, by=cast.REGISTRAR))


def _erase(folder: Path) -> None:
    _whole(erasure.erase_ward_data(_office(folder), CYCLE, by=cast.COORDINATOR))


def _watch(folder: Path) -> None:
    reminding.watch(_office(folder))


def _bundle(folder: Path) -> None:
    bundle.bundle(_office(folder), CYCLE, folder / "bundle.zip")


def _export(folder: Path) -> None:
    auditing.export(_office(folder), folder / "export")


# By name: on the morning of which act, and how.
DEEDS: Mapping[str, Callable[[Path], object]] = {
    "conclude_contract": _act("conclude_contract"),
    "take_extract": _take,
    "extract": _act("extract"),
    "seal_package": _seal,
    "read_back_package": _read_back,
    "hand_over_medium": _act("hand_over_medium"),
    "report_receipt": _act("report_receipt"),
    "report_printing": _act("report_printing"),
    "approve_posting": _act("approve_posting"),
    "post": _act("post"),
    "return_items": _act("return_items"),
    "erase_ward_data": _erase,
    "watch": _watch,
    "bundle": _bundle,
    "export": _export,
    "close": _act("close"),
}


@dataclass
class Forks:
    """A loaded process that forks for every deed."""

    process: "subprocess.Popen[str]"

    def do(self, folder: Path, deed: str, at: int = 0, harm: str = "dies", **variables: str) -> str:
        """Do a deed in a folder and come to harm before the n-th thing; return "died", or what came of it as JSON."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([str(folder), deed, at, harm, variables]) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@contextmanager
def forking(module: str, **variables: str) -> Iterator[Forks]:
    """Run the process that forks, with the paths of this one, for the deeds of a module."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("TSUDOI_", "PREFECT_"))}
    surroundings = clean | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | variables
    command = [sys.executable, HERE / "dying_anywhere.py", module]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=surroundings)
    with process:
        yield Forks(process)
        assert process.stdin
        process.stdin.close()
