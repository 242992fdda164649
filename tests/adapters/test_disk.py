"""What is written whole or not at all, where the disk has no room for it."""

from contextlib import suppress
from pathlib import Path

import pytest
from no_room import no_room

from adapters import disk


def test_what_finds_no_room_leaves_the_old_and_nothing_else(tmp_path: Path) -> None:
    """A file takes the place of the old one when all of it is written; what was begun in vain is gone."""
    file = tmp_path / "note"
    disk.put(file, b"old")
    with no_room(beyond=10), pytest.raises(OSError, match="too large"):
        disk.put(file, b"new" * 10)
    assert (file.read_bytes(), list(tmp_path.iterdir())) == (b"old", [file])
    disk.put(file, b"new" * 10)
    assert file.read_bytes() == b"new" * 10
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_breaks_off_leaves_the_old_and_nothing_else(tmp_path: Path) -> None:
    """A file that is written piece by piece takes the place of the old one only if nothing fails on the way."""
    file = tmp_path / "note"
    disk.put(file, b"old")
    with suppress(KeyError), disk.replacing(file) as half:
        half.write(b"ne")
        raise KeyError
    assert (file.read_bytes(), list(tmp_path.iterdir())) == (b"old", [file])
    with disk.replacing(file) as whole:
        whole.write(b"ne")
        whole.write(b"w")
    assert file.read_bytes() == b"new"
