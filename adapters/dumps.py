"""No core dumps: what a process holds of residents in its memory does not lie in a folder when it dies."""

import ctypes
import resource
import sys

_DUMPABLE = 4  # prctl(2): PR_SET_DUMPABLE; a limit alone does not reach a core that is piped to a program


def leave_none() -> None:
    """Leave no core dump, neither this process nor what it starts; nobody else of this account may trace it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DUMPABLE, 0, 0, 0, 0)
