"""A server of ours as a child: what it finds around itself."""

from pathlib import Path

import psutil
import pytest

from adapters.children import child


@pytest.mark.parametrize(("asked", "found"), [("", "2"), ("7", "7")])
def test_a_child_takes_few_heaps_unless_somebody_asked_for_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, found: str
) -> None:
    """Its threads share two heaps; what whoever started us has set is left as it is."""
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    if asked:
        monkeypatch.setenv("MALLOC_ARENA_MAX", asked)
    with child("http.server", "0", "--bind", "127.0.0.1", log=tmp_path / "log") as begun:
        around = psutil.Process(begun.pid).environ()
    assert around["MALLOC_ARENA_MAX"] == found
    assert "PATH" in around
