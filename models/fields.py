"""What each field of an act's record takes, told from the record's own types: its kind, its choices, an example."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

from models import choices
from models.people import Role, Side
from models.records.base import FILE, INSERTS, ITEM, PERSON, READ, SERIALS, WORDS, ActRecord
from models.words import _

EXAMPLE_DAY = "2026-11-09"
_TYPED_AS = {
    PERSON: "person", ITEM: "item", FILE: "file", READ: "hash", INSERTS: "counts", WORDS: "words", SERIALS: "serials",
}  # fmt: skip
_HASH_LENGTH = 64


@dataclass(frozen=True)
class Takes:
    """What a field takes: its kind in words, an example as it is typed, and the codes of a choice with their words.

    `typed_as` says how a page lets it be typed: text, choice, flag, number, day, moment, person, item, file, hash,
    counts or records, of which there may be `several`; `ends` are the least and the greatest number, `fields` those of
    a record.
    """

    kind: str
    example: str
    choices: dict[str, str] = field(default_factory=dict[str, str])
    typed_as: str = "text"
    several: bool = False
    ends: Mapping[str, int] = field(default_factory=dict[str, int])
    fields: tuple["Field", ...] = ()

    @property
    def sentence(self) -> str:
        """Return all of it on one line; a hash is not written out."""
        if self.choices:
            named = (f"{code} ({word})" if word not in {"", code} else code for code, word in self.choices.items())
            return f"{self.kind}: {'・'.join(filter(None, named))}"
        hashed = len(self.example) == _HASH_LENGTH and self.example.isalnum()
        return self.kind if hashed else _("{kind}, such as {example}").format(kind=self.kind, example=self.example)


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a record: its name, its title, whether it must be given, what it takes, and what it is otherwise."""

    name: str
    title: str
    required: bool
    takes: Takes
    default: Any = None


def fields_of(record: type[ActRecord]) -> list[Field]:
    """Return the fields of a record in their order."""
    return [
        Field(
            name=name,
            title=_(field.title or name),
            required=field.is_required(),
            takes=takes(field),
            default=None if field.is_required() else field.get_default(call_default_factory=True),
        )
        for name, field in record.model_fields.items()
    ]


def takes(field: FieldInfo) -> Takes:
    """Return what a field takes."""
    return _takes(field.annotation, (field,))


def _takes(annotation: Any, limits: Sequence[Any]) -> Takes:
    origin, inside = get_origin(annotation), get_args(annotation)
    if described := next((limit for limit in limits if isinstance(limit, FieldInfo) and limit.description), None):
        words = str(described.description)
        return Takes(_(words), str((described.examples or [""])[0]), typed_as=_TYPED_AS.get(words, "text"))
    if origin in {Annotated, UnionType, Union}:
        return _takes(inside[0], inside[1:] if origin is Annotated else ())
    if origin is Literal:
        words = choices.words_for(inside)
        return _chosen({code: choices.said(words, code) if code else "" for code in inside})
    return _several(inside[0]) if origin is tuple else _of_type(annotation, limits)


def _of_type(annotation: Any, limits: Sequence[Any]) -> Takes:
    if isinstance(annotation, type) and issubclass(annotation, (Role, Side)):
        return _chosen({member.value: member.label for member in annotation})
    if annotation is bool:
        return replace(_chosen({"true": _("yes"), "false": _("no")}), typed_as="flag")
    if annotation is int:
        bounds = [bound for limit in limits for bound in (limit, *getattr(limit, "metadata", ()))]
        ends = {end: getattr(bound, end) for bound in bounds for end in ("ge", "le") if hasattr(bound, end)}
        words = _("number from {ge} to {le}") if "le" in ends else _("number from {ge} on")
        return Takes(words.format(**ends), str(ends["ge"] or 1), typed_as="number", ends=ends)
    words = {
        date: Takes(_("date"), EXAMPLE_DAY, typed_as="day"),
        AwareDatetime: Takes(_("date and time"), f"{EXAMPLE_DAY}T10:00:00+09:00", typed_as="moment"),
        dict: Takes(_("counts by code, as JSON"), '{"code": 1}', typed_as="counts"),
    }
    return words[get_origin(annotation) or annotation]


def _chosen(words: dict[str, str]) -> Takes:
    return Takes(_("one of"), next(filter(None, words)), words, typed_as="choice")


def _several(inside: Any) -> Takes:
    """Return what a list takes: of simple values with commas between, of records as JSON."""
    if isinstance(inside, type) and issubclass(inside, ActRecord):
        needed = {name: field for name, field in inside.model_fields.items() if field.is_required()}
        example = json.dumps([{name: _inside(field) for name, field in needed.items()}])
        return Takes(_("list, as JSON"), example, typed_as="records", several=True, fields=tuple(fields_of(inside)))
    one = _takes(inside, ())
    return replace(one, kind=_("{kind} (several with commas between)").format(kind=one.kind), several=True)


def _inside(field: FieldInfo) -> Any:
    """Return the example of a field as it stands inside of JSON."""
    example: Any = takes(field).example
    with suppress(ValueError):
        example = json.loads(example) if field.annotation is not str else example
    return [example] if get_origin(field.annotation) is tuple else example
