"""What takes other people's files apart does it in a process of its own, which has bounds and nothing to lose.

Its libraries are written in C, and a file of a kilobyte can ask for more memory than there is. The file goes to its
standard input, what it read comes back as JSON: none is written, and no file's name stands in a list of processes.
"""

import json
import subprocess
import sys
from typing import Any

if sys.platform != "win32":  # which has none, and imports what asks a reader
    import resource

TOO_LARGE = 4  # exit status of a reader; others are its own
_MEMORY = 2 << 30  # bytes
_PATIENCE = 120  # seconds; the bound below is of the processor's time


class BeyondBoundsError(Exception):
    """The file asks for more memory or time than a reader has."""


def bind(seconds: int) -> None:
    """Bound this process, a reader, to so many seconds of the processor and to two gigabytes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def read(reader: str, content: bytes, *arguments: str) -> tuple[int, Any]:
    """Return the exit status of a reader, a module of ours, and what it read: None where it read nothing.

    Raises:
        BeyondBoundsError: its bounds ended it.

    """
    begun = [sys.executable, "-I", "-m", reader, *arguments]
    try:
        ended = subprocess.run(begun, input=content, capture_output=True, check=False, timeout=_PATIENCE)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired:
        raise BeyondBoundsError from None
    if ended.returncode < 0 or ended.returncode == TOO_LARGE:
        raise BeyondBoundsError
    return ended.returncode, None if ended.returncode else json.loads(ended.stdout)
