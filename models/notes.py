"""Signed notes and checkpoints as C2SP writes them (c2sp.org/signed-note, c2sp.org/tlog-checkpoint), with Ed25519.

A note is a text, an empty line, and one signature line for each key that signed it. A checkpoint is a note whose text
says which log, how many entries, and the root over them: what both sides stamp at a handover.
"""

import base64
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from models.errors import BadInput, Damaged
from models.words import _

# signed-note: the type byte of Ed25519, and what a note's text must not hold (surrogates are not UTF-8).
_ED25519 = b"\x01"
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_CHECKPOINT = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>[0-9]{1,18})\n(?P<root>[0-9A-Za-z+/]{43}=)\n")
_KEY_ID_SIZE = 4


class Signer(Protocol):
    """A key that signs notes: its name, and its 32-byte public key."""

    @property
    def name(self) -> str:
        """Return the key's name as it stands in signature lines."""
        ...

    @property
    def public_key(self) -> bytes:
        """Return the 32 bytes of the public key (RFC 8032)."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of the message."""
        ...


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One signature line of a note: who says to have signed, and the signature itself."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, kw_only=True)
class TreeHead:
    """What a checkpoint says: which log (`origin`), how many entries (`size`), the 32-byte Merkle root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a checkpoint; extension lines are refused, for this project writes none.

        Raises:
            Damaged: the text is not exactly what `text()` writes.

        """
        if found := _CHECKPOINT.fullmatch(text):
            head = cls(origin=found["origin"], size=int(found["size"]), root=base64.b64decode(found["root"]))
            if head.text() == text:
                return head
        raise _damaged(_("The text of the note is not a checkpoint."))


def key_id(name: str, public_key: bytes) -> bytes:
    """Return the 4-byte id of an Ed25519 key: SHA-256(name, newline, type byte, public key), cut.

    Raises:
        BadInput: the name is empty or holds a space or a plus sign.

    """
    if not _is_key_name(name):
        raise BadInput(
            _("A key's name must not be empty and must hold no space, no control character and no plus sign."),
            _("Choose a name such as example.lg.jp/tsudoi."),
        )
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:_KEY_ID_SIZE]


def verifier_key(name: str, public_key: bytes) -> str:
    """Return the text that a verifier is given: name, hexadecimal key id and base64 public key, joined by plus signs.

    Raises:
        BadInput: the name cannot be a key's name.

    """
    return f"{name}+{key_id(name, public_key).hex()}+{_base64(_ED25519 + public_key)}"


def parse_verifier_key(text: str) -> tuple[str, bytes]:
    """Return the name and the 32-byte public key of a verifier key.

    Raises:
        BadInput: it is not the verifier key of an Ed25519 key, or its id does not fit.

    """
    name, _id, encoded = (*text.split("+", 2), "", "")[:3]
    public_key = _unbase64(encoded).removeprefix(_ED25519)
    if not _is_key_name(name) or len(public_key) != 32 or verifier_key(name, public_key) != text:  # noqa: PLR2004 - RFC 8032
        raise BadInput(
            _("This is not the verifier key of an Ed25519 key."),
            _("Copy it whole from the key's .pub file: name, id and key, joined by plus signs."),
        )
    return name, public_key


def signed_note(text: str, signer: Signer) -> str:
    """Return the note: the text, which ends in a newline, with the signer's line.

    Raises:
        BadInput: the text is empty, does not end in a newline, or holds control characters.

    """
    if not text.endswith("\n") or _FORBIDDEN.search(text):
        raise BadInput(
            _("The text of a note must end in a newline and hold no other control character."),
            _("Mend the text before it is signed."),
        )
    signature = key_id(signer.name, signer.public_key) + signer.sign(text.encode())
    return f"{text}\n— {signer.name} {_base64(signature)}\n"


def parse_note(note: str) -> tuple[str, tuple[Signature, ...]]:
    """Return the note's text and its signatures, none of them verified yet.

    Raises:
        Damaged: it has not the form of a signed note.

    """
    text, separator, lines = note.rpartition("\n\n")
    if not (separator and lines.endswith("\n")) or _FORBIDDEN.search(note):
        raise _damaged(_("This is not a signed note."))
    return f"{text}\n", tuple(_signature(line) for line in lines[:-1].split("\n"))


def open_note(note: str, *, name: str, public_key: bytes) -> str:
    """Return the text of a note that this key signed. Lines of other keys are ignored, as signed-note asks.

    Raises:
        Damaged: it is not a signed note, this key did not sign it, or a signature of this key does not hold.

    """
    text, signatures = parse_note(note)
    own = [line.signature for line in signatures if (line.name, line.key_id) == (name, key_id(name, public_key))]
    if not own:
        raise _damaged(_("The note carries no signature of the key {name}.").format(name=name))
    if not all_hold(own, text.encode(), public_key):
        raise _damaged(_("The signature of the key {name} does not hold.").format(name=name))
    return text


def _signature(line: str) -> Signature:
    name, _space, encoded = line.removeprefix("— ").partition(" ")
    raw = _unbase64(encoded)
    if line != f"— {name} {encoded}" or not _is_key_name(name) or len(raw) <= _KEY_ID_SIZE:
        raise _damaged(_("A signature line of the note has not the right form."))
    return Signature(name=name, key_id=raw[:_KEY_ID_SIZE], signature=raw[_KEY_ID_SIZE:])


def all_hold(signatures: Sequence[bytes], message: bytes, public_key: bytes) -> bool:
    """Tell whether every signature of the message holds under the 32-byte public key."""
    key = Ed25519PublicKey.from_public_bytes(public_key)
    with suppress(InvalidSignature):
        for signature in signatures:
            key.verify(signature, message)
        return True
    return False


def _is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() for c in name) and not _FORBIDDEN.search(name)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _unbase64(text: str) -> bytes:
    """Return the bytes only where the text is their one canonical form, so that no other text means the same."""
    with suppress(ValueError):
        if _base64(raw := base64.b64decode(text)) == text:
            return raw
    return b""


def _damaged(message: str) -> Damaged:
    return Damaged(message, _("Keep it as it is, and compare it with the stamped slip."))
