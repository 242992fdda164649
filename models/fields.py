"""What each field of an act's record takes, told from the record's own types: its kind, its choices, an example."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

from models import choices
from models.people import Role, Side
from models.records.base import ActRecord
from models.words import _

EXAMPLE_DAY = "2026-11-09"
_HASH_LENGTH = 64


@dataclass(frozen=True)
class Takes:
    """What a field takes: its kind in words, an example as it is typed, and the codes of a choice with their words."""

    kind: str
    example: str
    choices: dict[str, str] = field(default_factory=dict[str, str])

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
    """A field of a record: its name, its title, whether it must be given, and what it takes."""

    name: str
    title: str
    required: bool
    takes: Takes


def fields_of(record: type[ActRecord]) -> list[Field]:
    """Return the fields of a record in their order."""
    return [
        Field(name=name, title=_(field.title or name), required=field.is_required(), takes=takes(field))
        for name, field in record.model_fields.items()
    ]


def takes(field: FieldInfo) -> Takes:
    """Return what a field takes."""
    return _takes(field.annotation, (field,))


def _takes(annotation: Any, limits: Sequence[Any]) -> Takes:
    origin, inside = get_origin(annotation), get_args(annotation)
    if described := next((limit for limit in limits if isinstance(limit, FieldInfo) and limit.description), None):
        return Takes(_(str(described.description)), str((described.examples or [""])[0]))
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
        return _chosen({"true": _("yes"), "false": _("no")})
    if annotation is int:
        bounds = [bound for limit in limits for bound in (limit, *getattr(limit, "metadata", ()))]
        ends = {end: getattr(bound, end) for bound in bounds for end in ("ge", "le") if hasattr(bound, end)}
        words = _("number from {ge} to {le}") if "le" in ends else _("number from {ge} on")
        return Takes(words.format(**ends), str(ends["ge"] or 1))
    words = {
        date: (_("date"), EXAMPLE_DAY),
        AwareDatetime: (_("date and time"), f"{EXAMPLE_DAY}T10:00:00+09:00"),
        dict: (_("counts by code, as JSON"), '{"code": 1}'),
    }
    return Takes(*words[get_origin(annotation) or annotation])


def _chosen(words: dict[str, str]) -> Takes:
    return Takes(_("one of"), next(filter(None, words)), words)


def _several(inside: Any) -> Takes:
    """Return what a list takes: of simple values with commas between, of records as JSON."""
    if isinstance(inside, type) and issubclass(inside, ActRecord):
        needed = {name: field for name, field in inside.model_fields.items() if field.is_required()}
        return Takes(_("list, as JSON"), json.dumps([{name: _inside(field) for name, field in needed.items()}]))
    one = _takes(inside, ())
    return replace(one, kind=_("{kind} (several with commas between)").format(kind=one.kind))


def _inside(field: FieldInfo) -> Any:
    """Return the example of a field as it stands inside of JSON."""
    example: Any = takes(field).example
    with suppress(ValueError):
        example = json.loads(example) if field.annotation is not str else example
    return [example] if get_origin(field.annotation) is tuple else example
