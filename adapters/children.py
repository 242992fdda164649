"""Servers of ours as children of this process: each ends with it, however it ends, and it can be ended by their end."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_STOPPED_WITHIN = 8  # seconds
_DIE_WITH_PARENT = 1  # prctl(2): PR_SET_PDEATHSIG
# glibc gives every thread a heap of its own and takes back none: twenty people at the desk made a dozen of them.
FEW_HEAPS = {"MALLOC_ARENA_MAX": "2"}
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded before a child needs it

Child = subprocess.Popen[bytes]


@contextmanager
def child(module: str, *arguments: str, log: Path, folder: Path | None = None) -> Generator[Child]:
    """Run a module as a child while this lasts, in a folder or where this runs; what it says goes into `log`.

    Without the folder where this was started on its path: what lies there is not ours to run. In a session of its own,
    so that Ctrl-C reaches it through us only.
    """
    with log.open("w", encoding="utf-8") as output:
        begun = subprocess.Popen(  # noqa: S603 - no shell; a module of ours, with arguments that were parsed
            [sys.executable, "-P", "-m", module, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, start_new_session=True, env=FEW_HEAPS | os.environ,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, which waits for no lock of another thread
        )  # fmt: skip
    try:
        yield begun
    finally:
        _stop(begun)


@contextmanager
def ending_with(begun: Child, failed: Exception) -> Generator[None]:
    """End this process by SIGTERM when the child is gone while this lasts, and raise what says so."""
    over = threading.Event()
    threading.Thread(target=_end_with, args=(begun, over), daemon=True).start()
    try:
        yield
    except (Exception, KeyboardInterrupt) as trouble:
        if begun.poll() is None:
            raise
        raise failed from trouble  # what is asked of a dead server fails in many ways
    finally:
        over.set()
    if begun.poll() is not None:
        raise failed


def _stop(begun: Child) -> None:
    begun.terminate()
    try:
        begun.wait(_STOPPED_WITHIN)
    except subprocess.TimeoutExpired:  # an open page keeps its connections; SQLite bears a kill
        begun.kill()
        begun.wait()


def _end_with(begun: Child, over: threading.Event) -> None:
    begun.wait()
    if not over.is_set():
        os.kill(os.getpid(), signal.SIGTERM)


def _die_with_parent() -> None:
    """Ask Linux to kill this child when its parent is gone, however it went."""
    if _LIBC:
        _LIBC.prctl(_DIE_WITH_PARENT, signal.SIGKILL)
