"""Python reads this first where PYTHONPATH names its folder: a run of ours lets somebody die at a moment, once.

STRIKE names the moment, MODULE:NAME before|after, and who dies, as by kill -9: the run itself, its runner or the
server. STRUCK is the file by which the runs know that it has happened.
"""

import os
import signal
import sys
from inspect import getattr_static
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import psutil


def _strike(who: str) -> None:
    try:
        os.close(os.open(os.environ["STRUCK"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    runner = psutil.Process().parent()
    assert runner
    server = next(it for it in runner.children() if "flows.server" in it.cmdline())
    os.kill({"run": os.getpid(), "runner": runner.pid, "server": server.pid}[who], signal.SIGKILL)


def _arm(place: str, when: str, who: str) -> None:
    path, _dot, name = place.replace(":", ".").rpartition(".")
    owner = resolve_name(path)
    real = getattr_static(owner, name)

    def struck(*arguments: Any, **options: Any) -> Any:
        if when == "before":
            _strike(who)
        result = real(*arguments, **options)
        if when == "after":
            _strike(who)
        return result

    setattr(owner, name, struck)


if "prefect.engine" in sys.orig_argv and not Path(os.environ["STRUCK"]).exists():
    _arm(*os.environ["STRIKE"].split())
