"""A desk, or a run of Prefect's, that dies as by kill -9 right before the n-th thing that it does to disk or database.

A process that has loaded everything and touched nothing forks for every line it reads: FOLDER, ACT, N and variables as
JSON. What the fork does is counted: every statement of SQL, every file opened to be written, renamed, removed, synced,
and every request over HTTP. With N = 0 it lives to its end. The answer tells how it ended, and how much it had done.
The argument is the module of what can be done: `deeds` or `runs`.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import psycopg
from direct import _InThisProcess

from models import database

# What Python tells of itself (sys.addaudithook): each changes what lies on a disk. `open` counts where it may write.
_FILES = frozenset({
    "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
    "shutil.rmtree", "subprocess.Popen",
})  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CALLS = (
    (psycopg.Cursor, ("execute", "executemany")), (psycopg.Connection, ("commit", "rollback")),
    (httpx.Client, ("send",)), (httpx.AsyncClient, ("send",)),
)  # fmt: skip
known = import_module(sys.argv[1])


class Count:
    """Counts what is done, and dies before the n-th of it."""

    def __init__(self, dies_at: int) -> None:
        self.dies_at, self.done = dies_at, 0

    def one(self, *_what: object) -> None:
        self.done += 1
        if self.done == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

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
        stack.enter_context(patch.object(os, "fsync", self.one))
        sys.addaudithook(self.audited)


def attempt(folder: Path, deed: str, at: int) -> str:
    """Do it once; return how much was done and what came of it."""
    count = Count(at)
    with ExitStack() as stack:
        for place in ("adapters.press.ProcessPoolExecutor", "steps.erasure.ProcessPoolExecutor"):
            stack.enter_context(patch(place, _InThisProcess))
        count.watch(stack)
        try:
            known.DEEDS[deed](folder)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other side judges it
            return json.dumps([count.done, f"{type(error).__name__}: {error}"])
    return json.dumps([count.done, "done"])


def fork(folder: str, deed: str, at: int, variables: Mapping[str, str]) -> str:
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
            pipe.write(attempt(Path(folder), deed, at))
    finally:
        os._exit(0)


if __name__ == "__main__":
    known.warm()
    for line in sys.stdin:
        print(fork(*json.loads(line)), flush=True)  # noqa: T201 - the pipe is what the other side reads
