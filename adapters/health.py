"""Whether a Prefect server answers: asked over HTTP, for a bounded time."""

import time
from collections.abc import Callable

import httpx

_ASK_EVERY = 0.2  # seconds
_ANSWER_WITHIN = 2.0  # seconds


def is_healthy(api: str) -> bool:
    """Tell whether the server at an API address such as http://127.0.0.1:4200/api says that it is well."""
    try:
        return httpx.get(f"{api}/health", timeout=_ANSWER_WITHIN).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def wait_until_healthy(api: str, *, seconds: float, while_: Callable[[], bool] = lambda: True) -> bool:
    """Ask until the server is well; stop asking after so many seconds, or when it no longer makes sense."""
    until = time.monotonic() + seconds
    while while_() and time.monotonic() < until:
        if is_healthy(api):
            return True
        time.sleep(_ASK_EVERY)
    return False
