"""A desk in a process of its own that does the same step as another at the same moment, again and again."""

import sys
from datetime import datetime
from pathlib import Path

from scenes import Clock, Year

from adapters.keys import LedgerKey
from models.database import connect
from models.errors import Refused


def race(url: str, key: Path, at: datetime) -> None:
    """Do a step for every line that comes in; answer with what came of it: done, or the guards that refused it.

    A line names the step, then how where it is not done as a whole: `perform` or `confirm`, and under which key.
    """
    year = Year(connect(url), LedgerKey.load(key), Clock(at=at))
    for line in sys.stdin:
        print(attempt(year, line.strip()), flush=True)  # noqa: T201 - the pipe is what the other side reads
    year.engine.dispose()


def attempt(year: Year, line: str) -> str:
    step, how, key = [*line.split(), "", ""][:3]
    try:
        match how:
            case "perform":
                outcome = year.door.perform(year.ask(step, key=key))
            case "confirm":
                outcome = year.confirm(step)
            case _:
                outcome = year.do(step)
    except Refused as refused:
        return "refused " + ",".join(gap.guard for gap in refused.unmet)
    return f"{'repeated' if outcome.repeated else 'done'} {outcome.seq}"


if __name__ == "__main__":
    race(sys.argv[1], Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3]))
