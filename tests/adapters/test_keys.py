"""The ledger's key on a real disk."""

import stat
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.keys import LedgerKey
from models.errors import BadInput, BadSetting, Damaged
from models.notes import Signer, TreeHead, open_note, parse_verifier_key, signed_note

NAME = "ward.example/tsudoi"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.pem"


def test_what_the_key_signs_its_verifier_key_opens(path: Path) -> None:
    """A checkpoint signed with a created key is verified with the .pub file alone."""
    key: Signer = LedgerKey.create(path, name=NAME)
    head = TreeHead(origin=NAME, size=1, root=bytes(32))
    name, public_key = parse_verifier_key(path.with_suffix(".pub").read_text().rstrip("\n"))
    assert TreeHead.parse(open_note(signed_note(head.text(), key), name=name, public_key=public_key)) == head
    assert (name, public_key) == (NAME, key.public_key)


def test_a_loaded_key_is_the_created_one(path: Path) -> None:
    """Loading gives the name, the id and the signatures of the created key."""
    created, loaded = LedgerKey.create(path, name=NAME), LedgerKey.load(path)
    assert (loaded.name, loaded.public_key) == (created.name, created.public_key)
    assert loaded.sign(b"message") == created.sign(b"message")


def test_creating_again_changes_nothing(path: Path) -> None:
    """A second creation returns the same key and touches no file."""
    first = LedgerKey.create(path, name=NAME)
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.parent.iterdir()}
    assert LedgerKey.create(path, name=NAME).public_key == first.public_key
    assert {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.parent.iterdir()} == before
    assert sorted(file.name for file in before) == ["ledger.pem", "ledger.pub"]


def test_a_creation_that_stopped_between_its_files_is_finished(path: Path) -> None:
    """A private key without its .pub is kept, and gets one."""
    first = LedgerKey.create(path, name=NAME)
    path.with_suffix(".pub").unlink()
    assert LedgerKey.create(path, name=NAME).public_key == first.public_key


def test_two_creations_at_once_give_one_key(path: Path) -> None:
    """Eight creations at the same time all return the key that stays on the disk."""
    with ThreadPool(8) as pool:
        made = pool.map(lambda _: LedgerKey.create(path, name=NAME).public_key, range(8))
    assert set(made) == {LedgerKey.load(path).public_key}


def test_only_the_owner_can_read_the_private_key(path: Path) -> None:
    """The private key has mode 0600, the verifier key 0644."""
    LedgerKey.create(path, name=NAME)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.with_suffix(".pub").stat().st_mode) == 0o644


def test_the_private_key_never_shows(path: Path) -> None:
    """The key's representation holds its name and nothing of the private key."""
    assert repr(LedgerKey.create(path, name=NAME)) == f"LedgerKey(name='{NAME}')"


def test_the_name_of_a_key_cannot_change(path: Path) -> None:
    """A second creation with another name is refused and leaves the key."""
    first = LedgerKey.create(path, name=NAME)
    with pytest.raises(BadSetting, match=NAME):
        LedgerKey.create(path, name="other.example")
    assert LedgerKey.load(path).public_key == first.public_key


def test_a_bad_name_writes_nothing(path: Path) -> None:
    """A name that no signature line could carry is refused before a file is made."""
    with pytest.raises(BadInput):
        LedgerKey.create(path, name="two words")
    assert list(path.parent.iterdir()) == []


def test_a_missing_file_is_named(path: Path) -> None:
    """Loading names the file that is not there, the private key or the .pub."""
    with pytest.raises(BadSetting, match=r"ledger\.pem"):
        LedgerKey.load(path)
    LedgerKey.create(path, name=NAME)
    path.with_suffix(".pub").unlink()
    with pytest.raises(BadSetting, match=r"ledger\.pub"):
        LedgerKey.load(path)


def test_a_lost_private_key_is_not_replaced(path: Path) -> None:
    """Where the .pub tells of a key that is gone, creation makes no new one."""
    LedgerKey.create(path, name=NAME)
    path.unlink()
    with pytest.raises(BadSetting, match=r"ledger\.pem"):
        LedgerKey.create(path, name=NAME)
    assert not path.exists()


def _of_another_kind() -> bytes:
    return generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\x00", b"-----BEGIN PRIVATE KEY-----\n", _of_another_kind()],
    ids=["empty", "no text", "half a key", "a key of another kind"],
)
def test_a_damaged_key_is_refused_and_never_replaced(path: Path, content: bytes) -> None:
    """What is not an Ed25519 key is reported as damage, by creation too, and stays as it is."""
    LedgerKey.create(path, name=NAME)
    path.write_bytes(content)
    with pytest.raises(Damaged, match=r"ledger\.pem"):
        LedgerKey.load(path)
    with pytest.raises(Damaged, match=r"ledger\.pem"):
        LedgerKey.create(path, name=NAME)
    assert path.read_bytes() == content


def test_files_of_two_keys_do_not_pass_as_one(path: Path, tmp_path: Path) -> None:
    """A private key beside another key's .pub is damage, and so is a .pub that says something else."""
    LedgerKey.create(path, name=NAME)
    LedgerKey.create(tmp_path / "other.pem", name=NAME)
    path.with_suffix(".pub").write_bytes((tmp_path / "other.pub").read_bytes())
    with pytest.raises(Damaged):
        LedgerKey.load(path)
    path.with_suffix(".pub").write_bytes(b"\xffnothing")
    with pytest.raises(Damaged, match=r"ledger\.pub"):
        LedgerKey.load(path)
