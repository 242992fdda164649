"""Signatures: which words of an entry a person signs, who may be asked to sign, and whether a signature holds.

An entry's `data.signature` says who signed, with which key, and the Ed25519 signature over the entry as it is written,
but for its number and the signature itself. Free text stands there as a commitment already.
"""

import base64
from dataclasses import replace
from typing import Protocol

from models.clock import stamp
from models.errors import Damaged
from models.notes import all_hold
from models.people import key_id
from models.words import _
from states import ledger

_DOMAIN = b"tsudoi/entry/1\n"


class PersonSigner(Protocol):
    """A person whose key is unlocked."""

    @property
    def person(self) -> str:
        """Return the person's id."""
        ...

    @property
    def public_key(self) -> str:
        """Return the public half in hexadecimal."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of the message."""
        ...


class Keyring(Protocol):
    """Whose keys are unlocked within this process, and who of them sits at the keyboard."""

    @property
    def typist(self) -> str:
        """Return who is logged in, "" for nobody."""
        ...

    def ready(self, person: str) -> None:
        """Let a person be asked for the passphrase, before the database is locked; do nothing where nobody can be."""
        ...

    def signer_of(self, person: str) -> PersonSigner | None:
        """Return a person as signer, None while the key is locked."""
        ...


class NobodyHere:
    """The keyring of a machine at which nobody sits: flows, mornings, tests of the rules."""

    typist = ""

    def ready(self, person: str) -> None:
        """Ask nobody."""

    def signer_of(self, person: str) -> PersonSigner | None:  # noqa: ARG002 - there is nobody, whoever it is
        """Return nobody."""
        return None


def message(entry: ledger.Entry) -> bytes:
    """Return what is signed: RFC 8785 of the entry without its number and without the signature."""
    data = {name: value for name, value in entry.data.items() if name != "signature"}
    said = {
        "at": stamp(entry.at), "by": entry.by, "cycle": entry.cycle_id, "data": data, "event": entry.event,
        "via": entry.via,
    }  # fmt: skip
    return _DOMAIN + ledger.canonical(said).encode()


def signed(entry: ledger.Entry, signer: PersonSigner, public_key: str) -> ledger.Entry:
    """Return the entry with a person's signature, held against the public half that stands on the register.

    Raises:
        Damaged: it does not hold.

    """
    words, key = message(entry), bytes.fromhex(public_key)
    raw = signer.sign(words)
    if not all_hold([raw], words, key):
        raise Damaged(
            _("The signature of {person} does not hold under the key on the register.").format(person=signer.person),
            _("Log in again."),
        )
    signature = {
        "by": signer.person, "key": key_id(public_key), "sig": base64.b64encode(raw).decode("ascii"),
    }  # fmt: skip
    return replace(entry, data={**entry.data, "signature": signature})
