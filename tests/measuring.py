"""How much memory a piece of work takes."""

import tracemalloc
from collections.abc import Callable


def peak_of(work: Callable[[], object]) -> int:
    """Return how many bytes the work holds at most: the least of three runs, as other threads' are counted too."""
    return min(_peak(work) for _ in range(3))


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
