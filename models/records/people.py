"""The register of people as acts: who is entered, what changes, and whose key is whose."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from models.errors import BadInput
from models.people import Person, Role, Side
from models.plain import telephone
from models.records.base import TYPED, ActRecord, FreeText, Line, MaybeLine, MaybePersonId, PersonId, taking
from models.words import N_

PublicKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), taking(N_("public key"), "0" * 64)]


def _telephone(text: str, info: ValidationInfo) -> FreeText:
    """Judge a number as it is typed; what an older ledger holds, or had redacted, is read as it stands."""
    try:
        return FreeText(telephone(text) if info.context == TYPED else text)
    except BadInput:
        raise PydanticCustomError("no_telephone", "no telephone number") from None


# As the name it stands beside the ledger, so that it can be redacted.
Telephone = Annotated[
    str, StringConstraints(max_length=40), AfterValidator(_telephone), taking(N_("telephone number"), "03-0000-0101")
]
Reason = Literal["first", "replaced", "forgotten"]


# How somebody is reached: while the installation is set up no entry of the ledger tells it.
REACHED_BY = ("mail", "phone", "phone_out_of_hours", "substitute")


class PersonEntered(ActRecord):
    """One entry of the register."""

    person: PersonId = Field(title="Id of the person")
    name: Line = Field(title="Name")
    side: Side = Field(title="Belongs to")
    roles: tuple[Role, ...] = Field(min_length=1, title="Roles")
    valid_from: date = Field(title="Valid from")
    valid_to: date = Field(title="Valid until")
    mail: MaybeLine = Field(default="", title="Address for reminders")
    phone: Telephone = Field(default="", title="Telephone (by day)")
    phone_out_of_hours: Telephone = Field(default="", title="Telephone (nights and holidays)")
    substitute: MaybePersonId = Field(default="", title="Who is called in his place")

    @classmethod
    def of(cls, person: Person) -> "PersonEntered":
        """Return a person's entry."""
        fields = person.model_dump(exclude={"id", "roles", "public_key"})
        return cls(person=person.id, roles=tuple(sorted(person.roles)), **fields)

    @model_validator(mode="after")
    def _dates_are_in_order(self) -> "PersonEntered":
        if self.valid_from > self.valid_to:
            raise ValueError("order")
        return self


class PeopleEntered(ActRecord):
    """人事: people are put on the register, or their entries change."""

    people: tuple[PersonEntered, ...] = Field(min_length=1, title="Entries of the register")

    @property
    def matter(self) -> str:
        """Return whose entries they are: a newer proposal about the same people takes the place of an older."""
        return " ".join(sorted(entry.person for entry in self.people))

    @property
    def names_our_people(self) -> bool:
        """Tell that the names are our own people's."""
        return True


class KeyGiven(ActRecord):
    """鍵の登録: the public half of a person's key; `replaced` where the old one is at hand, `forgotten` where not."""

    person: PersonId = Field(title="Id of the person")
    public_key: PublicKey = Field(title="Public key")
    reason: Reason = Field(title="Reason")

    @property
    def matter(self) -> str:
        """Return whose key it is."""
        return self.person
