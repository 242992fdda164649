"""Whether a server answers: asked over HTTP, for a bounded time."""

import time
from collections.abc import Callable

_ASK_EVERY = 0.2  # seconds
_ANSWER_WITHIN = 2.0  # seconds


def is_healthy(address: str) -> bool:
    """Tell whether what answers at an address says that all is well."""
    import httpx

    try:
        return httpx.get(address, timeout=_ANSWER_WITHIN).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def wait_until_healthy(address: str, *, seconds: float, while_: Callable[[], bool] = lambda: True) -> bool:
    """Ask until the server is well; stop asking after so many seconds, or when it no longer makes sense."""
    until = time.monotonic() + seconds
    while while_() and time.monotonic() < until:
        if is_healthy(address):
            return True
        time.sleep(_ASK_EVERY)
    return False
