"""Who acts: roles, sides, and the people on the register. Residents never stand here."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Self

from pydantic import BaseModel, ConfigDict

from models.words import bracketed, in_words


class _Titled(StrEnum):
    """Codes with the titles that people know them by, in both languages."""

    ja: str
    en: str

    def __new__(cls, code: str, ja: str, en: str) -> Self:
        member = str.__new__(cls, code)
        member._value_, member.ja, member.en = code, ja, en
        return member

    @property
    def label(self) -> str:
        """Return the title in the reader's language."""
        return in_words(ja=self.ja, en=self.en)


class Side(_Titled):
    """Which house a person belongs to, and who owes an act."""

    WARD = "ward", "総務課", "General Affairs Section"
    REGISTER = "register", "戸籍住民課", "Family Register and Residents Section"
    CONTRACTOR = "contractor", "受託事業者", "contractor"


class Role(_Titled):
    """What a person may do."""

    COORDINATOR = "coordinator", "担当者", "coordinator"
    REGISTRAR = "registrar", "抽出担当", "register officer"
    APPROVER = "approver", "承認者", "approver"
    DEPUTY = "deputy", "代決者", "deputy approver"
    INSPECTOR = "inspector", "検査員", "inspector"
    HANDLING_MANAGER = "handling_manager", "取扱責任者", "handling manager"
    HANDLER = "handler", "取扱者", "authorised handler"
    AUDITOR = "auditor", "監査", "auditor"


# Only the machine itself acts under this id; no person can be registered with it.
SYSTEM = "system"
# Stands in the ledger for whoever was refused because nobody of that id is on the register.
UNREGISTERED = "unregistered"


def key_id(public_key: str) -> str:
    """Return by which sixteen digits a key is named: of the SHA-256 of its public half."""
    return sha256(bytes.fromhex(public_key)).hexdigest()[:16]


class Person(BaseModel):
    """One person on the register, with the dates between which the entry is valid.

    `public_key` is the public half of the person's Ed25519 key in hexadecimal, "" for who has none. `phone` is the
    telephone by day, `phone_out_of_hours` for nights and holidays; `substitute` is called where neither answers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    side: Side
    roles: frozenset[Role]
    valid_from: date
    valid_to: date
    mail: str = ""
    phone: str = ""
    phone_out_of_hours: str = ""
    substitute: str = ""
    public_key: str = ""

    @property
    def to_call(self) -> str:
        """Return whom to call, with the number where it is known."""
        return self.name + bracketed(self.phone) if self.phone else self.name

    def is_valid_on(self, day: date) -> bool:
        """Tell whether the entry is valid on the day."""
        return self.valid_from <= day <= self.valid_to
