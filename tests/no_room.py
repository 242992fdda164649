"""A disk without room, as the kernel makes one for this process: nothing is written beyond a size of a file."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_room(*, beyond: int = 0) -> Iterator[None]:
    """Let writes beyond so many bytes of a file fail until the end of the block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (beyond, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
