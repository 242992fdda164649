"""The form of each human act, made from its row of the table and its record type: a new row brings its form along.

A form is one typed model with titles in the reader's language. What Prefect's forms cannot show is shown otherwise: a
choice by its word in the catalogue, counts by code as a list of pairs. `entered` turns a filled-in form back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model
from pydantic.fields import FieldInfo

from models import choices
from models.clock import TOKYO
from models.errors import BadInput
from models.records.base import ActRecord
from models.words import N_, _, in_words
from states.rows import Row
from states.table import TABLE

_NUMBERS = {row.trigger: number for number, row in enumerate(TABLE, start=1)}
_AT = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2})?$"
# What may be left out is shown as a date or a choice that may be empty: Prefect makes a switch of types of None.
YES, NO = "はい", "いいえ"  # as the rest of the dashboard, which speaks Japanese
_MAYBE: Mapping[Any, Any] = {
    date: date,
    bool: Literal["", YES, NO],
}
_LEFT_OUT: Mapping[Any, Any] = {"": None, YES: True, NO: False}
# What a person says when the machine is asked to work: more than the year and the name only here.
_ASKED: Mapping[str, dict[str, Any]] = {
    "take_additions": {
        "none_came": (bool, Field(default=False, title=N_("There was no late move-in"))),
        "replace": (
            _MAYBE[bool], Field(default="", title=N_("Replace letters whose name or address has changed since")),
        ),
    },
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Entered:
    """A filled-in form: whose cycle, who, and the fields as the record type knows them."""

    year: int
    programme: str
    by: str
    fields: Mapping[str, Any]
    occurred_at: datetime | None
    key: str


def name_of(row: Row) -> str:
    """Return the name of an act's form: its place in the table first, so that a list has the order of the year."""
    return f"{_NUMBERS[row.trigger]:02} {row.ja}"


def form_of(row: Row) -> type[BaseModel]:
    """Return the form of an act: the year, the fields of its record, who did it, and when."""
    head: dict[str, Any] = {"year": (int, Field(title=_("Fiscal year"), ge=2019, le=2100))}
    tail: dict[str, Any] = {
        "by": (
            Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")],
            Field(
                title=_("Done by (id of the register)"),
                description=_("May be done by: {roles}").format(roles="・".join(role.label for role in row.who)),
            ),
        ),
        "occurred_at": (
            Annotated[str, StringConstraints(pattern=_AT)],
            Field(
                default="", title=_("When it happened (empty: now)"), description=_("Such as 2026-11-09T10:00"),
            ),
        ),
        "key": (
            Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{0,40}$")],
            Field(
                default="", title=_("To record the same once more today"),
                description=_("Usually empty: the same form sent twice is one act. To record it again, write 2."),
            ),
        ),
        "programme": (
            Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{0,40}$")],
            Field(default="", title=_("Programme (empty: the usual one)")),
        ),
    }  # fmt: skip
    config = ConfigDict(title=in_words(ja=row.ja, en=row.en), extra="forbid")
    return create_model(f"Form_{row.trigger}", __config__=config, **head, **_body(row), **tail)


def entered(row: Row, form: Mapping[str, Any]) -> Entered:
    """Read a filled-in form; the fields of the record are judged by its record type afterwards.

    Raises:
        BadInput: the year, the person or the time cannot be read; the message names the field, never its value.

    """
    if row.by_machine:
        fields = {name: _LEFT_OUT.get(form[name], form[name]) for name in _ASKED.get(row.trigger, ()) if name in form}
    else:
        fields = {name: _back(field, form[name]) for name, field in _of(row.record) if name in form}
    year, by = form.get("year"), form.get("by")
    wrong = [
        title
        for title, right in (
            (_("Fiscal year"), isinstance(year, int) and not isinstance(year, bool)),
            (_("Done by (id of the register)"), isinstance(by, str) and by),
        )
        if not right
    ]
    strange = sorted(set(form) - set(form_of(row).model_fields))
    if wrong or strange:
        unknown = _("unknown")
        raise _wrong([*wrong, *(f"{name[:40]} ({unknown})" for name in strange)])
    assert isinstance(year, int)
    return Entered(
        year=year, programme=str(form.get("programme", "")), by=str(by), fields=fields,
        occurred_at=_instant(form.get("occurred_at", "")), key=str(form.get("key", "")),
    )  # fmt: skip


def _body(row: Row) -> dict[str, Any]:
    if not row.by_machine:
        return _fields(row.record)
    return {name: (kind, _titled(field)) for name, (kind, field) in _ASKED.get(row.trigger, {}).items()}


def _fields(record: type[BaseModel]) -> dict[str, Any]:
    return {name: (_shown(field.annotation, field.metadata), _titled(field)) for name, field in _of(record)}


def _of(record: type[BaseModel]) -> Iterable[tuple[str, FieldInfo]]:
    return record.model_fields.items()


def _titled(field: FieldInfo) -> Any:
    title, words = _(field.title) if field.title else None, None
    if any(isinstance(it, StringConstraints) and it.max_length for it in field.metadata):
        words = _("Short words of staff; never a resident's name, address or number.")
    if field.is_required():
        return Field(title=title, description=words)
    default: Any = field.get_default(call_default_factory=True)
    if get_origin(field.annotation) is UnionType:
        default = ""
    if get_origin(field.annotation) is dict:
        default = [{"code": code, "count": count} for code, count in default.items()]
    return Field(default=_choice(field.annotation, default), title=title, description=words)


def _shown(annotation: Any, metadata: Iterable[Any] = ()) -> Any:
    """Return the annotation as Prefect's form can show it; its limits are kept."""
    if isinstance(annotation, type) and issubclass(annotation, ActRecord):
        return create_model(annotation.__name__, **_fields(annotation))
    origin, inside = get_origin(annotation), get_args(annotation)
    shown = annotation
    if origin is UnionType:
        return _MAYBE[inside[0]]
    if origin is Literal:
        shown = Literal[tuple(_choice(annotation, value) for value in inside)]
    elif origin is dict:
        shown = list[_pair(*inside)]
    elif origin is tuple:
        shown = list[_shown(inside[0])]
    elif origin is Annotated:
        shown, metadata = _shown(inside[0]), inside[1:]
    for limit in metadata:
        if not getattr(limit, "description", None):  # that is for the command line; a form shows its own
            shown = Annotated[shown, limit]
    return shown


def _pair(code: Any, count: Any) -> type[BaseModel]:
    return create_model("CodeAndCount", code=(code, Field(title=_("Code"))), count=(count, Field(title=_("Count"))))


def _choice(annotation: Any, value: Any) -> Any:
    """Return a choice by its word."""
    if get_origin(annotation) is Literal and isinstance(value, str):
        return choices.said(choices.words_for(get_args(annotation)), value)
    return value


def _back(field: FieldInfo, value: Any) -> Any:
    """Turn what a form shows back into what the record type knows; what is of another form is left for it to refuse."""
    return _unshown(field.annotation, value)


def _unshown(annotation: Any, value: Any) -> Any:
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _unshown(inside[0], value)
    if origin in {UnionType, Literal}:
        known = _LEFT_OUT if origin is UnionType else {_choice(annotation, choice): choice for choice in inside}
        return known.get(value, value)
    if origin is dict and isinstance(value, list) and all(isinstance(it, dict) for it in value):
        return {it.get("code", ""): it.get("count") for it in value}
    if origin is tuple and isinstance(value, list):
        return [_unshown(inside[0], it) for it in value]
    if isinstance(annotation, type) and issubclass(annotation, ActRecord) and isinstance(value, dict):
        known = annotation.model_fields
        return {name: _back(known[name], it) if name in known else it for name, it in value.items()}
    return value


def _instant(text: object) -> datetime | None:
    """Read a time of Tokyo; "" is now."""
    if text == "":
        return None
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=TOKYO)
    except ValueError:
        raise _wrong([_("When it happened (empty: now)")]) from None


def _wrong(fields: list[str]) -> BadInput:
    return BadInput(
        _("These fields are missing or wrong: {fields}").format(fields="、".join(fields)),
        _("Open the form again from the board and correct them."),
    )
