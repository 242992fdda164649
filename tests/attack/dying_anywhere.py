"""A desk, or a run of Prefect's, that comes to harm right before the n-th thing that it does to disk or database.

A process that has loaded everything and touched nothing forks for every line it reads: FOLDER, ACT, N, HARM and
variables as JSON. What the fork does is counted: every statement of SQL, every file opened to be written, renamed,
removed, synced, and every request over HTTP. It "dies" as by kill -9; or the disk "is full": from there on the kernel
lets no file grow and none be written, be it by Python, SQLite or 7-Zip. Where the disk "refuses", only what a full disk
refuses is counted, and the n-th of it finds no room, that once. With N = 0 nothing happens to it. The answer tells how
it ended, and how much it had done. The argument is the module of what can be done: `deeds` or `runs`.
"""

import errno
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, redirect_stderr
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import psycopg
from direct import _InThisProcess

from desk import main
from models import database

# What Python tells of itself (sys.addaudithook): each changes what lies on a disk. `open` counts where it may write.
_FILES = frozenset({
    "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
    "shutil.rmtree", "subprocess.Popen",
})  # fmt: skip
# What makes a name in a folder, and which of its arguments is that name.
_NAMES = {"open": 0, "os.mkdir": 0, "os.rename": 1, "os.link": 1, "os.symlink": 1}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CALLS = (
    (psycopg.Cursor, ("execute", "executemany")), (psycopg.Connection, ("commit", "rollback")),
    (httpx.Client, ("send",)), (httpx.AsyncClient, ("send",)),
)  # fmt: skip
known = import_module(sys.argv[1])


class Count:
    """Counts what is done, and lets harm come before the n-th of it."""

    def __init__(self, at: int, harm: Callable[[], None]) -> None:
        self.at, self.harm, self.done = at, harm, 0

    def one(self, *_what: object) -> None:
        self.done += 1
        if self.done == self.at:
            self.harm()

    def synced(self, _file: int) -> None:
        self.one()

    def audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _FILES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES):
            self.one()

    def before(self, what: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self.one()
            return what(*arguments, **options)

        return counted

    def watch(self, stack: ExitStack) -> None:
        """Count from here on."""
        prepare = database._make_sqlite_durable

        def traced(connection: Any, entry: Any) -> None:
            prepare(connection, entry)
            connection.execute("PRAGMA synchronous=OFF")
            connection.set_trace_callback(self.one)

        stack.enter_context(patch.object(database, "_make_sqlite_durable", traced))
        for kind, names in _CALLS:
            for name in names:
                stack.enter_context(patch.object(kind, name, self.before(getattr(kind, name))))
        # A kill of the process loses nothing that was written: the disk need not be waited for.
        stack.enter_context(patch.object(os, "fsync", self.synced))
        sys.addaudithook(self.audited)


class Refusing(Count):
    """Counts of what is done what a full disk refuses: a new name in the folder, and what is to be synced."""

    def __init__(self, at: int, folder: Path) -> None:
        super().__init__(at, _find_no_room)
        self.folder = folder

    def one(self, *_what: object) -> None:
        """Let statements and requests be: SQLite's own files are refused where the disk is full."""

    def synced(self, _file: int) -> None:
        super().one()

    def audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        name = arguments[_NAMES[event]] if event in _NAMES else None
        if isinstance(name, str | os.PathLike) and (event != "open" or (arguments[2] or 0) & os.O_CREAT):
            path = Path(name)
            if path.is_relative_to(self.folder) and (event == "os.rename" or not path.exists()):
                super().one()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fill_the_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def _find_no_room() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def attempt(folder: Path, deed: str, at: int, harm: str) -> str:
    """Do it once, as the desk would; return how much was done, and "done" or the exit status with what was said."""
    count = Refusing(at, folder) if harm == "refuses" else Count(at, {"dies": _die, "is full": _fill_the_disk}[harm])
    with ExitStack() as stack:
        for place in ("adapters.press.ProcessPoolExecutor", "steps.erasure.ProcessPoolExecutor"):
            stack.enter_context(patch(place, _InThisProcess))
        stack.enter_context(patch.object(main, "build", lambda _rooms: lambda **_how: known.DEEDS[deed](folder)))
        said = stack.enter_context(redirect_stderr(StringIO()))
        count.watch(stack)
        status = main._run([], [])
    return json.dumps([count.done, f"{status}: {said.getvalue()}" if status else "done"], ensure_ascii=False)


def fork(folder: str, deed: str, at: int, harm: str, variables: Mapping[str, str]) -> str:
    """Let a fork do it; return what it answered, or that it died."""
    reading, writing = os.pipe()
    if pid := os.fork():
        os.close(writing)
        with os.fdopen(reading) as pipe:
            answer = pipe.read()
        _pid, status = os.waitpid(pid, 0)
        return "died" if os.WIFSIGNALED(status) else answer or f"ended with {status}"
    try:
        os.close(reading)
        os.environ.update(variables)
        with os.fdopen(writing, "w") as pipe:
            pipe.write(attempt(Path(folder), deed, at, harm))
    finally:
        os._exit(0)


if __name__ == "__main__":
    known.warm()
    for line in sys.stdin:
        print(fork(*json.loads(line)), flush=True)  # noqa: T201 - the pipe is what the other side reads
