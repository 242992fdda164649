"""Whether a server answers: asked over HTTP, for a bounded time."""

import time
from collections.abc import Callable
from contextlib import suppress

_ASK_EVERY = 0.2  # seconds
_ANSWER_WITHIN = 2.0  # seconds


def wait_until_healthy(address: str, *, seconds: float, while_: Callable[[], bool] = lambda: True) -> bool:
    """Ask until what answers there is well; stop asking after so many seconds, or when it no longer makes sense."""
    import httpx

    until = time.monotonic() + seconds
    with httpx.Client(timeout=_ANSWER_WITHIN) as client:  # a new one for each question loads every certificate anew
        while while_() and time.monotonic() < until:
            with suppress(httpx.HTTPError, httpx.InvalidURL):
                if client.get(address).is_success:
                    return True
            time.sleep(_ASK_EVERY)
    return False
