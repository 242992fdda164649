"""What every record type shares, and the kinds of field they are made of."""

from typing import Annotated, Any, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from models import serials
from models.errors import BadInput
from models.plain import is_plain
from models.words import N_


class FreeText(str):
    """Words that a person chose freely. The ledger keeps them beside its entries, so that they can be redacted."""

    __slots__ = ()


REDACTED = FreeText("（抹消済）")  # stands where a text was; records and papers are Japanese


class ActRecord(BaseModel):
    """What an act brings. Frozen; an unknown field is refused rather than lost. Titles are catalogue entries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def said(self) -> dict[str, object]:
        """Return it as an entry of the ledger says it: JSON, in which free text can still be told from other words."""
        return cast("dict[str, object]", _with_free_text(self.model_dump(mode="json"), self))

    def holds(self, field: str) -> bool:
        """Tell whether it says anything of a field: one that an older version wrote knows no newer field.

        Such a field has its default for guards and counts; whoever shows it says that it is not recorded.
        """
        return field in self.model_fields_set

    @property
    def has_happened(self) -> bool:
        """Tell what is being planned, and may be refused, from a fact, which never is (Law 8).

        A record that may say either has a field `already_happened`.
        """
        return bool(getattr(self, "already_happened", True))

    @property
    def matter(self) -> str:
        """Return what it is about, where several proposals of one act may wait: those of one matter replace another."""
        return ""

    @property
    def names_our_people(self) -> bool:
        """Tell what brings names of the register of people, which may be a resident's too."""
        return False

    @property
    def happened_anyway(self) -> bool:
        """Tell what was done outside the machine and is only entered: neither hold nor state can stop it any more."""
        return bool(getattr(self, "already_happened", False))


class Nothing(ActRecord):
    """An act that needs no more than the person who does it."""


def _canonical(text: str) -> str:
    try:
        return serials.canonical(text)
    except BadInput as error:
        raise ValueError(error.message) from None


def _with_free_text(dumped: object, value: object) -> object:
    """Put the free text of a value back into its JSON, which knows only one kind of text."""
    if isinstance(value, FreeText):
        return value
    if isinstance(value, ActRecord):
        members = cast("dict[str, object]", dumped)
        return {name: _with_free_text(inner, getattr(value, name)) for name, inner in members.items()}
    if isinstance(value, tuple):
        pairs = zip(cast("list[object]", dumped), cast("tuple[object, ...]", value), strict=True)
        return [_with_free_text(inner, own) for inner, own in pairs]
    return dumped


# How a record is validated when it is typed; what an older installation holds is read as it stands.
TYPED = "typed"


def _plain(text: str, info: ValidationInfo) -> FreeText:
    if info.context == TYPED and not is_plain(text):
        raise PydanticCustomError("not_plain", "not one line of plain words")
    return FreeText(text)


def taking(words: str, example: str) -> Any:
    """Say of a kind of field what it takes, with an example."""
    return Field(description=words, examples=[example])


# By these words a page knows how to let a field be typed.
PERSON, ITEM, WORDS = N_("id of the register"), N_("number of an item"), N_("short words, never a resident's name")
FILE, SERIALS = N_("file, or its SHA-256"), N_("serials")
INSERTS = N_("counts by insert, as JSON")
READ = N_("SHA-256 as it was read by whoever reports it: 64 digits")
_WORDS = taking(WORDS, "No. 12")
_APPROVAL = Field(title="Approval number", description=N_("number of an approval"), examples=["2026-総総-0101"])
_PERSON, _ITEM = taking(PERSON, "sato"), taking(ITEM, "M-2026-01")
_FILE = taking(FILE, "0" * 64)

# Short words of staff: a number, a place, a tool. Long free text could smuggle in what Law 4 keeps out.
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), AfterValidator(_plain), _WORDS
]
MaybeLine = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80), AfterValidator(_plain), _WORDS]
# A number of the ward's electronic approval; the door knows the programme's form, so that it is no free text.
ApprovalNumber = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40), _APPROVAL]
MaybeApprovalNumber = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40), _APPROVAL]
# Short words of the machine itself, such as the title of a column.
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), _WORDS]
Count = Annotated[int, Field(ge=0, le=10_000_000, strict=True)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), _FILE]
# Of what is at hand where it is read, and nowhere here: no file can be chosen for it. Programmes write it in many ways.
ReadSha256 = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    BeforeValidator(lambda text: "".join(text.split()).lower() if isinstance(text, str) else text),
    taking(READ, "0" * 64),
]
MaybeSha256 = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$"), _FILE]
PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$"), _PERSON]
MaybePersonId = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9_.-]{0,39})?$"), _PERSON]
ItemNumber = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,3}-[0-9]{4}-[0-9]{2,4}$"), _ITEM]
MaybeItemNumber = Annotated[str, StringConstraints(pattern=r"^([A-Z]{1,3}-[0-9]{4}-[0-9]{2,4})?$"), _ITEM]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$"), taking(N_("code"), "other")]
# By the names that the programme gives its inserts; a guard asks for no other, so that it is no free text.
Inserts = Annotated[
    dict[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)], Count],
    taking(INSERTS, '{"案内リーフレット": 4000}'),
]
SerialText = Annotated[str, AfterValidator(_canonical), taking(SERIALS, "1-500,503")]
