"""The vault keeps residents' data encrypted, whole, apart from its key, and gone once destroyed."""

import errno
import fcntl
import hashlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.vault import BLOCK, Vault, shred
from models.errors import BadInput, BadSetting, Damaged, Unknown

CANARY = "集田 試子 東京都杉並区架空町九丁目99番9号".encode()
HEADER = 24
SEALED = BLOCK + 16


def places(home: Path) -> dict[str, Path]:
    return {"files": home / "vault", "keys": home / "keys", "key_backup": home / "backup"}


def vault_in(home: Path, cycle: str = "2026") -> Vault:
    return Vault.create(cycle=cycle, **places(home))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return vault_in(tmp_path)


def stored(vault: Vault, name: str = "extract") -> Path:
    return vault.files / vault.cycle / name


def everything_under(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_what_was_written_is_read_back_with_its_hash(vault: Vault) -> None:
    """A file comes back as written, and its hash is the plaintext's SHA-256."""
    assert vault.write("extract", [CANARY, b"", b"!"]) == hashlib.sha256(CANARY + b"!").hexdigest()
    assert vault.read("extract") == CANARY + b"!"
    assert vault.names() == ("extract",)


@settings(max_examples=20, deadline=None)
@given(
    blocks=st.integers(0, 2),
    beside=st.integers(-2, 2),
    cut=st.integers(1, 2 * BLOCK),
)
def test_every_size_around_a_block_survives(blocks: int, beside: int, cut: int) -> None:
    """Sizes at, below and above the block limit come back, however the chunks are cut."""
    size = max(0, blocks * BLOCK + beside)
    data = (b"0123456789abc" * (size // 13 + 1))[:size]
    with TemporaryDirectory() as home:
        vault = vault_in(Path(home))
        digest = vault.write("extract", (data[start : start + cut] for start in range(0, size, cut)))
        blocks_read = list(vault.stream("extract"))
        assert len(blocks_read) == max(1, -(-size // BLOCK))
        assert stored(vault).stat().st_size == HEADER + size + 16 * len(blocks_read)
    assert digest == hashlib.sha256(data).hexdigest()
    assert b"".join(blocks_read) == data
    assert max(map(len, blocks_read)) <= BLOCK


def test_every_flipped_bit_is_refused(vault: Vault) -> None:
    """A small file with any one bit changed is damaged, in the header as in the data."""
    vault.write("extract", b"0123456789abcdef")
    path = stored(vault)
    whole = path.read_bytes()
    for bit in range(len(whole) * 8):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        with pytest.raises(Damaged):
            vault.read("extract")
    path.write_bytes(whole)
    assert vault.read("extract") == b"0123456789abcdef"


def altered(whole: bytes) -> Iterator[tuple[str, bytes]]:
    header, first, second, last = (
        whole[:HEADER],
        whole[HEADER : HEADER + SEALED],
        whole[HEADER + SEALED : HEADER + 2 * SEALED],
        whole[HEADER + 2 * SEALED :],
    )
    yield "blocks exchanged", header + second + first + last
    yield "a block left out", header + first + last
    yield "a block twice", header + first + first + second + last
    yield "the end left out", header + first + second
    yield "the end cut", whole[:-1]
    yield "the data left out", header
    yield "half a header", header[:12]
    yield "nothing", b""
    yield "a byte appended", whole + b"\0"
    yield "the last block appended again", whole + last


def test_no_rearranged_file_is_read(vault: Vault) -> None:
    """Blocks exchanged, left out, repeated, cut or appended are refused, each of them."""
    vault.write("extract", b"a" * BLOCK + b"b" * BLOCK + b"c" * 100)
    path = stored(vault)
    for what, content in altered(path.read_bytes()):
        path.write_bytes(content)
        with pytest.raises(Damaged):
            pytest.fail(f"{what}: {len(vault.read('extract'))} bytes were read")


def test_a_stream_ends_in_an_error_where_the_file_was_cut(vault: Vault) -> None:
    """A stream yields only verified blocks and raises before it could end too early."""
    vault.write("extract", b"a" * BLOCK + b"b" * BLOCK + b"c")
    path = stored(vault)
    path.write_bytes(path.read_bytes()[: HEADER + 2 * SEALED])
    stream = vault.stream("extract")
    assert next(stream) == b"a" * BLOCK
    with pytest.raises(Damaged):
        next(stream)


def test_a_renamed_file_is_refused(vault: Vault) -> None:
    """A file that stands under another name is damaged there."""
    vault.write("extract", CANARY)
    stored(vault).rename(stored(vault, "addressees"))
    with pytest.raises(Damaged):
        vault.read("addressees")


@pytest.mark.parametrize("share_the_key", [False, True])
def test_a_file_of_another_cycle_is_refused(tmp_path: Path, share_the_key: bool) -> None:  # noqa: FBT001 - a case
    """One cycle's file is damaged in another cycle, even if somebody gave both the same key."""
    this, other = vault_in(tmp_path), vault_in(tmp_path, "2027")
    this.write("extract", CANARY)
    stored(other).write_bytes(stored(this).read_bytes())
    if share_the_key:
        (tmp_path / "keys" / "2027.key").write_bytes((tmp_path / "keys" / "2026.key").read_bytes())
    with pytest.raises(Damaged):
        other.read("extract")


def test_two_files_of_the_same_data_do_not_look_alike(vault: Vault) -> None:
    """The same data written twice give different bytes, so that nobody sees that nothing changed."""
    vault.write("extract", CANARY)
    before = stored(vault).read_bytes()
    vault.write("extract", CANARY)
    assert before[HEADER:] != stored(vault).read_bytes()[HEADER:]


def test_only_the_owner_can_open_what_is_stored(vault: Vault, tmp_path: Path) -> None:
    """Files and keys have mode 0600, their directories 0700, and key and backup are the same 32 bytes."""
    vault.write("extract", CANARY)
    files = [stored(vault), tmp_path / "keys" / "2026.key", tmp_path / "backup" / "2026.key"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600] * 3
    assert [stat.S_IMODE(path.parent.stat().st_mode) for path in files] == [0o700] * 3
    assert files[1].read_bytes() == files[2].read_bytes()
    assert len(files[1].read_bytes()) == 32


def test_creating_again_changes_nothing(vault: Vault, tmp_path: Path) -> None:
    """A second creation keeps key and files, and makes a missing backup anew."""
    vault.write("extract", CANARY)
    (tmp_path / "backup" / "2026.key").unlink()
    again = vault_in(tmp_path)
    assert again.read("extract") == CANARY
    assert (tmp_path / "backup" / "2026.key").read_bytes() == (tmp_path / "keys" / "2026.key").read_bytes()


def test_a_lost_key_is_never_replaced_by_a_new_one(vault: Vault, tmp_path: Path) -> None:
    """Where files or a backup wait for their key, creation stops; the backup put back opens everything."""
    key, backup = tmp_path / "keys" / "2026.key", tmp_path / "backup" / "2026.key"
    vault.write("extract", CANARY)
    key.rename(tmp_path / "aside")
    with pytest.raises(Damaged):
        vault_in(tmp_path)
    (tmp_path / "vault").rename(tmp_path / "taken away")
    with pytest.raises(Damaged):
        vault_in(tmp_path)
    assert not key.exists()
    (tmp_path / "taken away").rename(tmp_path / "vault")
    key.write_bytes(backup.read_bytes())
    assert Vault.open(cycle="2026", **places(tmp_path)).read("extract") == CANARY
    key.unlink()
    backup.unlink()
    with pytest.raises(Damaged):
        vault_in(tmp_path)


def test_a_backup_of_another_key_is_reported(vault: Vault, tmp_path: Path) -> None:
    """A backup that would not open the vault is damage, found when the vault is created again."""
    (tmp_path / "backup" / "2026.key").write_bytes(bytes(32))
    with pytest.raises(Damaged):
        vault_in(tmp_path)


def test_a_key_of_another_length_is_no_key(vault: Vault, tmp_path: Path) -> None:
    """A cut key is damage, not a key that opens nothing."""
    (tmp_path / "keys" / "2026.key").write_bytes(b"short")
    with pytest.raises(Damaged, match=r"2026"):
        Vault.open(cycle="2026", **places(tmp_path))


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "山田", "Extract", "a b", "a\n"])
def test_a_name_that_could_be_a_person_or_a_path_is_refused(vault: Vault, name: str) -> None:
    """Only plain ids name cycles and files, and the refusal does not repeat the name."""
    for use in (lambda: vault.write(name, b""), lambda: vault.read(name), lambda: vault.erase(name)):
        with pytest.raises(BadInput) as refusal:
            use()
        assert "山田" not in str(refusal.value)
    with pytest.raises(BadInput):
        Vault(cycle=name, files=vault.files, keys=vault.keys)


def test_a_key_beside_its_files_is_refused(tmp_path: Path) -> None:
    """Key, backup and files never share a directory, nor lie one in another."""
    vault, keys = tmp_path / "vault", tmp_path / "keys"
    with pytest.raises(BadSetting):
        Vault.create(cycle="2026", files=vault, keys=vault)
    with pytest.raises(BadSetting):
        Vault.create(cycle="2026", files=vault, keys=vault / "keys")
    with pytest.raises(BadSetting):
        Vault.create(cycle="2026", files=vault, keys=keys, key_backup=vault / ".." / "keys")
    assert not vault.exists()


def test_a_file_that_is_not_there_is_unknown(vault: Vault) -> None:
    """Reading what was never written says so."""
    with pytest.raises(Unknown, match="addressees"):
        vault.read("addressees")


def test_a_failing_source_leaves_the_old_file(vault: Vault) -> None:
    """When the data break off with an exception, the old file stands and nothing half written stays."""
    vault.write("extract", b"old")

    def breaking() -> Iterator[bytes]:
        yield CANARY * BLOCK
        raise RuntimeError

    with pytest.raises(RuntimeError):
        vault.write("extract", breaking())
    assert vault.read("extract") == b"old"
    assert [path.name for path in stored(vault).parent.iterdir()] == ["extract"]


def test_an_erased_file_is_gone_and_the_others_stay(vault: Vault, tmp_path: Path) -> None:
    """Erasing one file leaves the others, and erasing it again is nothing."""
    vault.write("extract", CANARY)
    vault.write("addressees", b"kept")
    leftover = stored(vault, ".extract.tmp")
    leftover.write_bytes(b"left by a kill")
    sealed = stored(vault).read_bytes()[HEADER:]
    vault.erase("extract")
    vault.erase("extract")
    assert vault.names() == ("addressees",)
    assert not leftover.exists()
    assert vault.read("addressees") == b"kept"
    assert sealed not in everything_under(tmp_path)


def test_erasure_overwrites_before_it_removes(vault: Vault, tmp_path: Path) -> None:
    """Another link to an erased file and to a destroyed key shows that their bytes were overwritten."""
    vault.write("extract", CANARY)
    before: dict[Path, bytes] = {}
    for place in (stored(vault), tmp_path / "keys" / "2026.key", tmp_path / "backup" / "2026.key"):
        link = tmp_path / f"link{len(before)}"
        link.hardlink_to(place)
        before[link] = place.read_bytes()
    vault.destroy()
    for link, content in before.items():
        assert len(link.read_bytes()) == len(content)
        assert link.read_bytes() != content


def test_a_link_laid_in_the_place_of_a_file_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever exchanges a file for a link between looking at it and erasing it has nothing else overwritten."""
    victim, file, look = tmp_path / "victim", tmp_path / "file", Path.lstat
    victim.write_bytes(CANARY)
    file.write_bytes(CANARY)

    def exchanged(path: Path) -> os.stat_result:
        found = look(path)
        path.unlink()
        path.symlink_to(victim)
        return found

    monkeypatch.setattr(Path, "lstat", exchanged)
    with pytest.raises(Damaged):
        shred(file)
    assert victim.read_bytes() == CANARY


def test_a_file_laid_in_the_place_of_another_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is overwritten is the very file that was looked at, not one that has taken its name."""
    victim, file, look = tmp_path / "victim", tmp_path / "file", Path.lstat
    victim.write_bytes(CANARY)
    file.write_bytes(CANARY)

    def exchanged(path: Path) -> os.stat_result:
        found = look(path)
        victim.rename(path)
        return found

    monkeypatch.setattr(Path, "lstat", exchanged)
    with pytest.raises(Damaged):
        shred(file)
    assert file.read_bytes() == CANARY


_FLIPS = """
import ctypes, sys
exchange, folder = ctypes.CDLL(None).renameat2, -100
while True:
    exchange(folder, sys.argv[1].encode(), folder, sys.argv[2].encode(), 2)
"""


def test_thousands_of_exchanges_hit_nobody(tmp_path: Path) -> None:
    """Against a process that exchanges the file and a link as fast as it can, thousands of erasures hit no victim."""
    victim, file, link = (tmp_path / name for name in ("victim", "file", "link"))
    victim.write_bytes(CANARY)
    flipping = subprocess.Popen([sys.executable, "-I", "-c", _FLIPS, file, link])
    try:
        for _try in range(8000):
            file.unlink(missing_ok=True)
            link.unlink(missing_ok=True)
            file.write_bytes(b"x")
            link.symlink_to(victim)
            with suppress(Damaged, FileNotFoundError):
                shred(file)
            assert victim.read_bytes() == CANARY
    finally:
        flipping.kill()
        flipping.wait()


def test_a_destroyed_vault_is_absent_and_cannot_be_opened(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Destruction counts files and keys, leaves no directory, and opening or using it says the key is gone."""
    monkeypatch.setenv("TSUDOI_LANG", "en")
    vault.write("extract", CANARY)
    vault.write("addressees", b"")
    size = sum(path.stat().st_size for path in stored(vault).parent.iterdir())
    done = vault.destroy()
    assert (done.files_destroyed, done.bytes_destroyed, done.keys_destroyed, done.absent) == (2, size, 2, True)
    assert not vault.exists
    assert vault.names() == ()
    assert not stored(vault).parent.exists()
    assert everything_under(tmp_path) == b""
    for use in (
        lambda: Vault.open(cycle="2026", **places(tmp_path)),
        lambda: vault.write("extract", b""),
        lambda: vault.read("extract"),
    ):
        with pytest.raises(Unknown, match="The key of cycle 2026 is gone"):
            use()


@pytest.mark.parametrize("at", range(1, 7))
def test_a_destruction_that_stops_anywhere_leaves_a_vault_that_opens_or_none(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Wherever the disk refuses what is overwritten, no key is left in ruins in its place; another one ends it."""
    vault.write("extract", CANARY)
    taken, sync = iter(range(1, at)), os.fsync

    def full(handle: int) -> None:
        if next(taken, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            vault.destroy()
    assert not vault.exists or vault.read("extract") == CANARY
    assert vault.destroy().absent


def test_destruction_can_be_repeated_and_resumed(vault: Vault, tmp_path: Path) -> None:
    """A destruction killed after the keys is ended by another, and a third finds nothing."""
    vault.write("extract", CANARY)
    (tmp_path / "keys" / "2026.key").unlink()
    (tmp_path / "backup" / "2026.key").unlink()
    resumed = Vault(cycle="2026", **places(tmp_path)).destroy()
    assert (resumed.files_destroyed, resumed.keys_destroyed, resumed.absent) == (1, 0, True)
    again = vault.destroy()
    assert (again.files_destroyed, again.bytes_destroyed, again.keys_destroyed, again.absent) == (0, 0, 0, True)


def test_a_backup_is_destroyed_where_the_keys_are_already_gone(vault: Vault, tmp_path: Path) -> None:
    """Removing the keys' directory by hand does not save the backup from destruction."""
    (tmp_path / "keys" / "2026.key").unlink()
    (tmp_path / "keys").rmdir()
    assert vault.destroy().keys_destroyed == 1
    assert everything_under(tmp_path) == b""


def test_destruction_spares_the_other_cycles(vault: Vault, tmp_path: Path) -> None:
    """Destroying one cycle leaves the other's files and key."""
    other = vault_in(tmp_path, "2027")
    other.write("extract", CANARY)
    vault.destroy()
    assert other.read("extract") == CANARY


def test_destruction_takes_whatever_lies_in_the_directory(vault: Vault, tmp_path: Path) -> None:
    """Leftovers, strangers and links go with the vault; what a link points to stays untouched."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"stays")
    directory = stored(vault).parent
    (directory / ".extract.tmp").write_bytes(b"left by a kill")
    (directory / "link").symlink_to(elsewhere)
    (directory / "link to a directory").symlink_to(tmp_path / "keys")
    (directory / "inner").mkdir()
    (directory / "inner" / "file").write_bytes(b"stranger")
    assert vault.destroy().absent
    assert not directory.exists()
    assert elsewhere.read_bytes() == b"stays"


WRITER = """
import sys
from pathlib import Path
from adapters.vault import BLOCK, Vault, shred
home = Path(sys.argv[1])
vault = Vault.open(cycle="2026", files=home / "vault", keys=home / "keys", key_backup=home / "backup")
def chunks():
    yield CANARY * (3 * BLOCK // len(CANARY))
    print("half", flush=True)
    sys.stdin.read()
CANARY = bytes.fromhex(sys.argv[2])
vault.write("extract", chunks())
"""

REWRITER = """
import sys
from pathlib import Path
from adapters.vault import BLOCK, Vault, shred
home = Path(sys.argv[1])
vault = Vault.open(cycle="2026", files=home / "vault", keys=home / "keys", key_backup=home / "backup")
while True:
    for letter in (b"a", b"b"):
        print("writing", flush=True)
        vault.write("extract", letter * (BLOCK + 7))
"""


def started(script: str, home: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", script, str(home), CANARY.hex()]
    root = Path(__file__).parents[2]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)


def killed(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    with suppress(BrokenPipeError):
        process.communicate()


def test_a_write_killed_in_the_middle_leaves_the_old_file(vault: Vault, tmp_path: Path) -> None:
    """Killed half way the old file is read, no plaintext is on the disk, and the next write clears the leftover."""
    vault.write("extract", b"old")
    process = started(WRITER, tmp_path)
    assert process.stdout
    assert process.stdout.readline() == b"half\n"
    killed(process)
    directory = stored(vault).parent
    assert {path.name for path in directory.iterdir()} == {"extract", ".extract.tmp"}
    assert (directory / ".extract.tmp").stat().st_size > BLOCK
    assert CANARY[:12] not in everything_under(tmp_path)
    assert (vault.names(), vault.read("extract")) == (("extract",), b"old")
    vault.write("extract", CANARY)
    assert [path.name for path in directory.iterdir()] == ["extract"]
    assert CANARY[:12] not in everything_under(tmp_path)


@pytest.mark.parametrize("lines", [2, 3, 6])
def test_a_kill_at_any_moment_leaves_a_whole_file(vault: Vault, tmp_path: Path, lines: int) -> None:
    """A process that rewrites a file over and over and is killed leaves one version, whole."""
    process = started(REWRITER, tmp_path)
    assert process.stdout
    for _ in range(lines):
        process.stdout.readline()
    killed(process)
    content = vault.read("extract")
    assert content in {b"a" * (BLOCK + 7), b"b" * (BLOCK + 7)}


def test_a_second_writer_has_to_wait(vault: Vault, tmp_path: Path) -> None:
    """The vault is locked while a process writes, and free again once it was killed."""
    process = started(WRITER, tmp_path)
    assert process.stdout
    assert process.stdout.readline() == b"half\n"
    handle = os.open(stored(vault).parent, os.O_RDONLY)
    try:
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        killed(process)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(handle)
