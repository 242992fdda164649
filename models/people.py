"""Who acts: roles, sides, and the people on the register. Residents never stand here."""

from datetime import date
from enum import StrEnum
from hashlib import sha256

from pydantic import BaseModel, ConfigDict

from models.words import in_words


class Side(StrEnum):
    """Which house a person belongs to, and who owes an act."""

    WARD = "ward"
    REGISTER = "register"
    CONTRACTOR = "contractor"

    @property
    def label(self) -> str:
        """Return the side as people call it."""
        ja, en = SIDE_TITLES[self]
        return in_words(ja=ja, en=en)


class Role(StrEnum):
    """What a person may do."""

    COORDINATOR = "coordinator"
    REGISTRAR = "registrar"
    APPROVER = "approver"
    DEPUTY = "deputy"
    HANDLING_MANAGER = "handling_manager"
    HANDLER = "handler"
    AUDITOR = "auditor"

    @property
    def label(self) -> str:
        """Return the role as people call it."""
        ja, en = ROLE_TITLES[self]
        return in_words(ja=ja, en=en)


SIDE_TITLES = {
    Side.WARD: ("総務課", "General Affairs Section"),
    Side.REGISTER: ("戸籍住民課", "Family Register and Residents Section"),
    Side.CONTRACTOR: ("受託事業者", "contractor"),
}
ROLE_TITLES = {
    Role.COORDINATOR: ("担当者", "coordinator"),
    Role.REGISTRAR: ("抽出担当", "register officer"),
    Role.APPROVER: ("承認者", "approver"),
    Role.DEPUTY: ("代決者", "deputy approver"),
    Role.HANDLING_MANAGER: ("取扱責任者", "handling manager"),
    Role.HANDLER: ("取扱者", "authorised handler"),
    Role.AUDITOR: ("監査", "auditor"),
}

# Only the machine itself acts under this id; no person can be registered with it.
SYSTEM = "system"
# Stands in the ledger for whoever was refused because nobody of that id is on the register.
UNREGISTERED = "unregistered"


def key_id(public_key: str) -> str:
    """Return by which sixteen digits a key is named: of the SHA-256 of its public half."""
    return sha256(bytes.fromhex(public_key)).hexdigest()[:16]


class Person(BaseModel):
    """One person on the register, with the dates between which the entry is valid.

    `public_key` is the public half of the person's Ed25519 key in hexadecimal, "" for who has none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    side: Side
    roles: frozenset[Role]
    valid_from: date
    valid_to: date
    mail: str = ""
    public_key: str = ""

    def is_valid_on(self, day: date) -> bool:
        """Tell whether the entry is valid on the day."""
        return self.valid_from <= day <= self.valid_to
