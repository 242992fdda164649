"""What a process holds in its memory does not lie in a folder when it dies."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

_DIES = "import ctypes, os, resource, signal\n{begin}\n"
_TELLS = (
    "print(*resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)\n"
    "os.kill(os.getpid(), signal.SIGSEGV)"
)
# The command at its first step, and a flow that has opened its office.
_PROCESSES = {
    "desk": f"import desk.main as it\ndef die(*_): {'; '.join(_TELLS.splitlines())}\nit._run = die\nit.main(['next'])",
    "flow": f"from flows.base import office\ntry: office()\nexcept Exception: pass\n{_TELLS}",
}


@pytest.mark.parametrize("process", _PROCESSES)
def test_a_process_that_crashes_leaves_no_core(home: Path, process: str) -> None:
    """Where the surroundings allow cores of any size, a crash leaves none: the limit is 0, and memory is no one's."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    crashed = subprocess.run(
        [sys.executable, "-c", _DIES.format(begin=_PROCESSES[process])],
        capture_output=True, text=True, check=False, env=os.environ | {"TSUDOI_HOME": str(home)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)),
    )  # fmt: skip
    assert crashed.returncode == -signal.SIGSEGV, crashed.stderr
    assert crashed.stdout.split() == ["0", "0", "0"]
    assert list(Path().iterdir()) == []
