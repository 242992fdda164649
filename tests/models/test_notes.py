"""Signed notes and checkpoints against published examples, and against every change of a bit."""

import base64
from dataclasses import dataclass
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from models import notes
from models.errors import BadInput, Damaged

# The published example of Go's golang.org/x/mod/sumdb/note, private key and all.
GO_SIGNER_KEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VERIFIER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
GO_NOTE = f"{GO_TEXT}\n{GO_LINE}"

# The example of c2sp.org/tlog-checkpoint; its public key is not published.
C2SP_CHECKPOINT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
C2SP_NOTE = (
    f"{C2SP_CHECKPOINT}\n— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
CHECKPOINT = notes.TreeHead(origin="ward.example/tsudoi", size=7, root=sha256(b"root").digest())


@dataclass(frozen=True)
class Key:
    """A signer of ten lines."""

    name: str
    private: Ed25519PrivateKey

    @property
    def public_key(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


def key(name: str, seed: bytes = bytes(32)) -> Key:
    return Key(name, Ed25519PrivateKey.from_private_bytes(seed))


WARD = key("ward.example/tsudoi")
NOTE = notes.signed_note(CHECKPOINT.text(), WARD)


def verified(note: str, signer: Key = WARD) -> notes.TreeHead:
    return notes.TreeHead.parse(notes.open_note(note, name=signer.name, public_key=signer.public_key))


def test_the_published_note_is_written_byte_for_byte() -> None:
    """Go's published private key and text give Go's published note."""
    seed = base64.b64decode(GO_SIGNER_KEY.split("+", 4)[4])[1:]
    assert notes.signed_note(GO_TEXT, key("PeterNeumann", seed)) == GO_NOTE


def test_the_published_note_opens_with_the_published_key() -> None:
    """Go's published verifier key is read and written back, and opens Go's published note."""
    name, public_key = notes.parse_verifier_key(GO_VERIFIER_KEY)
    assert notes.verifier_key(name, public_key) == GO_VERIFIER_KEY
    assert notes.key_id(name, public_key).hex() == "c74f20a3"
    assert notes.open_note(GO_NOTE, name=name, public_key=public_key) == GO_TEXT


def test_the_published_checkpoint_is_read() -> None:
    """The example of the checkpoint specification has its origin, size and root, and is written back."""
    text, [line] = notes.parse_note(C2SP_NOTE)
    checkpoint = notes.TreeHead.parse(text)
    assert checkpoint.text() == text == C2SP_CHECKPOINT
    assert (checkpoint.origin, checkpoint.size, len(checkpoint.root)) == ("example.com/behind-the-sofa", 20852163, 32)
    assert (line.name, line.key_id.hex(), len(line.signature)) == ("example.com/behind-the-sofa", "033de0ae", 64)


def test_what_was_signed_comes_back() -> None:
    """A checkpoint that was signed is returned whole by its verification, the empty log's too."""
    empty = notes.TreeHead(origin=WARD.name, size=0, root=sha256().digest())
    assert verified(NOTE) == CHECKPOINT
    assert verified(notes.signed_note(empty.text(), WARD)) == empty


def test_no_bit_of_a_note_can_change() -> None:
    """Every one-bit change of a note is refused, in its text, its name, its key id and its signature."""
    raw = NOTE.encode()
    accepted: list[int] = []
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            verified(changed.decode())
            accepted.append(bit)
        except (Damaged, UnicodeDecodeError):
            pass
    assert accepted == []


def test_another_key_opens_nothing() -> None:
    """Neither a key of the same name nor the same key under another name opens the note."""
    for other in (key(WARD.name, bytes(31) + b"\x01"), key("other.example")):
        with pytest.raises(Damaged):
            verified(NOTE, other)


def test_lines_of_unknown_keys_are_ignored() -> None:
    """A witness's line before or after the ward's changes nothing, even with the ward's name and a broken signature."""
    blob = base64.b64encode(b"\x00\x00\x00\x01" + bytes(64)).decode()
    text, own = CHECKPOINT.text(), NOTE.removeprefix(CHECKPOINT.text())[1:]
    for name in ("witness.example", WARD.name):
        assert verified(f"{text}\n— {name} {blob}\n{own}") == CHECKPOINT
        assert verified(f"{text}\n{own}— {name} {blob}\n") == CHECKPOINT


def test_one_broken_signature_of_the_known_key_spoils_the_note() -> None:
    """A note with a good and a broken signature of the same key is refused."""
    blob = base64.b64encode(notes.key_id(WARD.name, WARD.public_key) + bytes(64)).decode()
    with pytest.raises(Damaged):
        verified(f"{NOTE}— {WARD.name} {blob}\n")


def test_the_text_ends_at_the_last_empty_line() -> None:
    """A text with empty lines of its own, and Japanese in it, survives."""
    for text in ("詩は\n\n二つの段落\n", "\n", "\n\n", "end\n\n"):
        note = notes.signed_note(text, WARD)
        assert notes.open_note(note, name=WARD.name, public_key=WARD.public_key) == text


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "text\n",
        "\n\n",
        GO_LINE,
        f"\n{GO_LINE}",
        GO_NOTE.replace("\n\n", "\n"),
        GO_NOTE[:-1],
        GO_NOTE + "\n",
        GO_NOTE.replace("\n", "\r\n"),
        GO_NOTE.replace("—", "-"),
        GO_NOTE.replace("— ", "—"),
        GO_NOTE.replace("— ", "—  "),
        GO_NOTE.replace("Peter", "Peter "),
        GO_NOTE.replace("Peter", "Peter\u3000"),
        GO_NOTE.replace("PeterNeumann", "Peter+Neumann"),
        GO_NOTE.replace("PeterNeumann", ""),
        GO_NOTE.replace("nAM=", "nAN="),
        GO_NOTE.replace("nAM=", "nAM"),
        GO_NOTE.replace("nAM=", "nA M="),
        f"{GO_TEXT}\n— PeterNeumann x08gow==\n",
        GO_NOTE.replace("problem", "\ud800"),
        GO_NOTE.replace("problem", "\t"),
    ],
)
def test_what_has_not_the_form_of_a_note_is_refused(note: str) -> None:
    """A missing line, another newline, a control character, a bad name or a bent base64 is no signed note."""
    with pytest.raises(Damaged):
        notes.parse_note(note)


@pytest.mark.parametrize(
    "text",
    [
        GO_TEXT,
        C2SP_CHECKPOINT + "extension\n",
        C2SP_CHECKPOINT.replace("20852163", "020852163"),
        C2SP_CHECKPOINT.replace("20852163", "-1"),
        C2SP_CHECKPOINT.replace("20852163", "２０"),
        C2SP_CHECKPOINT.replace("20852163", "9" * 5000),
        C2SP_CHECKPOINT.replace("q2I=", "q2J="),
        C2SP_CHECKPOINT.replace("q2I=", ""),
        C2SP_CHECKPOINT.replace("example.com/behind-the-sofa", ""),
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    """What is truly signed but is not three right lines is damage."""
    with pytest.raises(Damaged):
        verified(notes.signed_note(text, WARD))


@pytest.mark.parametrize("text", ["", "no newline", "bell\x07\n", "half\ud800\n", "crlf\r\n"])
def test_a_text_that_could_not_be_opened_again_is_not_signed(text: str) -> None:
    """Text without a last newline or with control characters is refused before it is signed."""
    with pytest.raises(BadInput):
        notes.signed_note(text, WARD)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        GO_VERIFIER_KEY.replace("c74f20a3", "c74f20a4"),
        GO_VERIFIER_KEY.replace("c74f20a3", "C74F20A3"),
        GO_VERIFIER_KEY.replace("PeterNeumann", "PeterNeumanm"),
        GO_VERIFIER_KEY.replace("PeterNeumann", "Peter Neumann"),
        GO_VERIFIER_KEY.replace("ARpc", "AhpC"),
        GO_VERIFIER_KEY[:-4],
        GO_VERIFIER_KEY + "\n",
        notes.verifier_key("short.example", bytes(31)),
    ],
)
def test_a_bent_verifier_key_is_refused(text: str) -> None:
    """A verifier key with another name, id, type or length is bad input."""
    with pytest.raises(BadInput):
        notes.parse_verifier_key(text)


@pytest.mark.parametrize("name", ["", "two words", "全角\u3000空白", "a+b", "a\nb"])
def test_a_name_that_no_line_could_carry_is_refused(name: str) -> None:
    """A key cannot be named with spaces, newlines or plus signs, or not at all."""
    with pytest.raises(BadInput):
        notes.verifier_key(name, bytes(32))
