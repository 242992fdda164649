"""The plan of a rehearsal and its stage: which year, where, and a process that sees that folder and nothing else."""

import json
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from adapters import disk
from adapters.clock import CLOCK, VirtualClock
from flows.engine import prepare
from models.clock import TOKYO
from models.errors import BadInput, Unknown
from models.words import _
from states.table import TABLE
from steps.work import WORK

MARK = "rehearsal.json"
# What the machine does in a year, some of it as soon as a person's act asks for it: that is as late as this act.
DRIVEN = tuple(row.trigger for row in TABLE if row.due and row.trigger in WORK and WORK[row.trigger].is_driven)
_LATEST = 60  # open days; more than a season is no lateness


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is rehearsed, and where."""

    year: int
    out: Path
    persons: int
    extract: Path | None
    late: dict[str, int]
    seed: int
    keep: bool
    faults: int = 0
    until: date | None = None

    @property
    def home(self) -> Path:
        """Return the data directory of the rehearsal."""
        return self.out / "home"

    @property
    def inbox(self) -> Path:
        """Return where the register section puts its extracts."""
        return self.out / "inbox"

    def as_json(self) -> dict[str, Any]:
        """Return the plan as it is kept, so that a rehearsal goes on only under the same one."""
        kept = {key: value for key, value in asdict(self).items() if key != "out"}
        return kept | {"extract": str(self.extract or ""), "until": str(self.until or "")}

    def command(self) -> str:
        """Return the command line that rehearses the same year again, faults and all."""
        extract = f" --extract {self.extract}" if self.extract else ""
        late = "".join(f" --late {act}={days}" for act, days in sorted(self.late.items()))
        until = f" --until {self.until}" if self.until else ""
        return (
            f"tsudoi rehearse {self.year} --out DIR --persons {self.persons} --seed {self.seed}"
            f" --faults {self.faults}{late}{extract}{until}"
        )


def set_the_stage(plan: Plan) -> bool:
    """Make the folders, or take up a rehearsal that was interrupted, and tell which; never touch another folder.

    Raises:
        Unknown: the extract to rehearse with is not there.
        BadInput: the folder is no rehearsal, or one of another plan.

    """
    mark, goes_on = plan.out / MARK, False
    if plan.extract and not plan.extract.is_file():
        raise Unknown(_("The extract to rehearse with is not there."), _("Give the path of a CSV file."))
    if plan.out.exists() and any(plan.out.iterdir()):
        if not mark.exists():
            raise BadInput(
                _("{folder} is not empty and is no rehearsal.").format(folder=plan.out),
                _("Name a new folder with --out."),
            )
        if (plan.out / "summary.json").exists():
            shutil.rmtree(plan.out)
        elif json.loads(mark.read_text(encoding="utf-8")) != plan.as_json():
            raise BadInput(
                _("In {folder} another rehearsal was interrupted.").format(folder=plan.out),
                _("Go on with the same options, or name another folder with --out."),
            )
        else:
            goes_on = True
    plan.home.mkdir(parents=True, exist_ok=True)
    disk.put(mark, json.dumps(plan.as_json(), ensure_ascii=False).encode())
    clock = VirtualClock(plan.home / CLOCK)
    if not clock.path.exists():
        clock.set(datetime(plan.year, 9, 1, 8, 30, tzinfo=TOKYO))
    _surround(plan)
    return goes_on


def _surround(plan: Plan) -> None:
    """Point this process, and the flows it runs, at the rehearsal and nowhere else."""
    for key in [key for key in os.environ if key.startswith("TSUDOI_") and key != "TSUDOI_LANG"]:
        del os.environ[key]
    os.environ["TSUDOI_HOME"] = str(plan.home)
    os.environ["TSUDOI_INBOX"] = str(plan.inbox)
    os.environ["TSUDOI_PAPERS"] = str(plan.out / "papers")
    prepare(plan.home, alone=True)


def late_acts(options: list[str]) -> dict[str, int]:
    """Read which acts are to come how many open days late, each written ACT=DAYS.

    Raises:
        Unknown: there is no such act, or the machine does it.
        BadInput: it is not written like that.

    """
    late: dict[str, int] = {}
    for option in options:
        act, _sign, days = option.partition("=")
        if not any(row.trigger == act and row.due for row in TABLE):
            raise Unknown(
                _("There is no dated act called “{act}”.").format(act=act[:40]), _("docs/states.md lists the acts.")
            )
        if act in DRIVEN and WORK[act].asked_by:
            raise Unknown(
                _("The machine does “{act}” as soon as it may.").format(act=act),
                _("Let the act be late that it waits for."),
            )
        if not days.isdigit() or not 1 <= int(days) <= _LATEST:
            raise BadInput(_("--late is written ACT=DAYS, with 1 to 60 open days."), _("Mend the option."))
        late[act] = int(days)
    return late
