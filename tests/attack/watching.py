"""Whoever looks over the shoulder of a year: what its processes are told, and where they write.

Python tells of every process it starts and every file it opens (sys.addaudithook); what a started process has in /proc
is read again and again as long as it lives.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any
from unittest.mock import patch

from steps import transfer

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_EACH = 0.005  # seconds between two looks at /proc


@dataclass(eq=False)
class Watched:
    """What was seen of a year while it ran."""

    started: int = 0
    looks: int = 0
    told: set[str] = field(default_factory=set[str])
    written: set[Path] = field(default_factory=set[Path])
    passwords: set[str] = field(default_factory=set[str])
    over: Event = field(default_factory=Event)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look from here to the end: hooks of the interpreter cannot be taken away again, so they only fall silent."""
        make, looking = transfer.new_password, Thread(target=self._look, daemon=True)

        def remembered(*arguments: Any) -> str:
            self.passwords.add(made := make(*arguments))
            return made

        sys.addaudithook(self._audited)
        looking.start()
        with patch.object(transfer, "new_password", remembered):
            yield
        self.over.set()
        looking.join()

    def _audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.over.is_set():
            return
        if event == "subprocess.Popen":
            _program, words, _folder, variables = arguments
            self.started += 1
            self.told |= {*map(str, words), *map(str, (os.environ if variables is None else variables).items())}
        elif event == "open" and isinstance(arguments[0], str | bytes) and arguments[2] & _WRITES:
            self.written.add(Path(os.fsdecode(arguments[0])).absolute())

    def _look(self) -> None:
        while not self.over.wait(_EACH):
            children = [it for path in Path("/proc/self/task").glob("*/children") for it in _text(path).split()]
            for process in (Path("/proc") / it for it in ("self", *children)):
                self.looks += 1
                self.told |= {*_text(process / "cmdline").split("\0"), *_text(process / "environ").split("\0")}
                with suppress(OSError):
                    self.told |= {str(it.readlink()) for it in (process / "fd").iterdir()}


def _text(path: Path) -> str:
    """Read a file of a process that may be gone by now."""
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
