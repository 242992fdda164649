"""How far a long work is: the work tells counts, and whoever waits for it listens; else nothing is counted."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Listener = Callable[[int, int], None]  # how many are done, of how many
_OFTEN = 500  # items: a thousandth of a second's work
_LISTENER: ContextVar[Listener | None] = ContextVar("_LISTENER", default=None)
T = TypeVar("T")


@contextmanager
def listened_to(listener: Listener) -> Generator[None]:
    """Let somebody hear how far the work within is."""
    before = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(before)


def counted(items: Iterable[T], *, of: int) -> Iterable[T]:
    """Return the items of a long work, and tell whoever listens how many of them are done."""
    listener = _LISTENER.get()
    return _counted(items, of, listener) if listener else items


def _counted(items: Iterable[T], of: int, listener: Listener) -> Iterator[T]:
    for done, item in enumerate(items):
        if done % _OFTEN == 0:
            listener(done, of)
        yield item
    listener(of, of)
