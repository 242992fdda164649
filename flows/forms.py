"""The form of each human act, made from its row of the table and its record type: a new row brings its form along.

A form is one typed model with titles in the reader's language. What Prefect's forms cannot show is shown otherwise: a
choice by its word in the catalogue, counts by code as a list of pairs. Acts that a form carries (decision 0030) are
lists of groups, empty until somebody adds one. `entered` turns a filled-in form back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from inspect import isclass
from types import UnionType
from typing import Annotated, Any, Literal, cast, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, create_model
from pydantic.fields import FieldInfo

from models import choices
from models.clock import TOKYO
from models.errors import BadInput
from models.records.base import ActRecord
from models.words import N_, _, in_words
from states.rows import Row
from states.table import BY_TRIGGER, TABLE
from steps.acting import Typed
from views.standing import act_title

_NUMBERS = {row.trigger: number for number, row in enumerate(TABLE, start=1)}
DAY, AT = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", r"^([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2})?$"
# What may be left out is shown as a line or a choice that may be empty: of None Prefect makes a switch of types, and V1
# refuses a form whose date is empty.
YES, NO = "はい", "いいえ"  # as the rest of the dashboard, which speaks Japanese
_MAYBE: Mapping[Any, Any] = {
    date: Annotated[str, StringConstraints(pattern=DAY)], AwareDatetime: Annotated[str, StringConstraints(pattern=AT)],
    bool: Literal["", YES, NO],
}  # fmt: skip
_SUCH_AS: Mapping[Any, str] = {date: N_("Such as 2026-11-09"), AwareDatetime: N_("Such as 2026-11-09T10:00")}
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
    """A filled-in form: whose cycle, who, the fields as the record type knows them, and the acts before its own."""

    year: int
    programme: str
    by: str
    fields: Mapping[str, Any]
    occurred_at: datetime | None
    key: str
    carried: tuple[Typed, ...] = ()


def name_of(row: Row) -> str:
    """Return the name of an act's form: its place in the table first, so that a list has the order of the year."""
    return f"{_NUMBERS[row.trigger]:03} {row.ja}"


def form_of(row: Row) -> type[BaseModel]:
    """Return the form of an act: the year, the fields of its record, what it carries, who did it, and when."""
    head: dict[str, Any] = {"year": (int, Field(title=_("Fiscal year"), ge=2019, le=2100))}
    tail: dict[str, Any] = {
        "by": _line(
            r"^[a-z0-9][a-z0-9_.-]{0,39}$", title=_("Done by (id of the register)"), description=_doers(row),
        ),
        "occurred_at": _line(
            AT, default="", title=_("When it happened (empty: now)"), description=_(_SUCH_AS[AwareDatetime]),
        ),
        "key": _line(
            r"^[a-z0-9_.-]{0,40}$", default="", title=_("To record the same once more today"),
            description=_("Usually empty: the same form sent twice is one act. To record it again, write 2."),
        ),
        "programme": _line(r"^[a-z0-9_-]{0,40}$", default="", title=_("Programme (empty: the usual one)")),
    }  # fmt: skip
    asked = {name: (kind, _titled(field)) for name, (kind, field) in _ASKED.get(row.trigger, {}).items()}
    body = asked if row.by_machine else _fields(row.record)
    beside = {act.trigger: (list[_group(act)], _beside(act)) for act in carried_by(row)}
    return create_model(f"Form_{row.trigger}", __config__=_config(row), **head, **body, **beside, **tail)


def carried_by(row: Row) -> list[Row]:
    """Return the acts that may be typed on an act's form before its own; what the machine brings is on none."""
    carried = [BY_TRIGGER[trigger] for trigger in row.carries]
    return [act for act in carried if not (act.by_machine or row.by_machine)]


def _group(row: Row) -> type[BaseModel]:
    """Return the part of a form that holds one record of an act that it carries."""
    by = _line(
        r"^([a-z0-9][a-z0-9_.-]{0,39})?$", default="", title=_("Done by (empty: who sends the form)"),
        description=_doers(row),
    )  # fmt: skip
    return create_model(f"Carried_{row.trigger}", __config__=_config(row), **_fields(row.record), by=by)


def _beside(row: Row) -> Any:
    words = _("Entered with this form, before its own act and in an entry of its own: all of them or none.")
    title = _("With it: {act}").format(act=act_title(row.trigger))
    return Field(default=[], title=title, description=words)


def _config(row: Row) -> ConfigDict:
    return ConfigDict(title=in_words(ja=row.ja, en=row.en), extra="forbid")


def _doers(row: Row) -> str:
    return _("May be done by: {roles}").format(roles="・".join(role.label for role in row.who))


def _line(pattern: str, **shown: Any) -> tuple[Any, Any]:
    return Annotated[str, StringConstraints(pattern=pattern)], Field(**shown)


def entered(row: Row, form: Mapping[str, Any]) -> Entered:
    """Read a filled-in form; the fields of the record are judged by its record type afterwards.

    Raises:
        BadInput: the year, the person or the time cannot be read; the message names the field, never its value.

    """
    if row.by_machine:
        fields = {name: _LEFT_OUT.get(form[name], form[name]) for name in _ASKED.get(row.trigger, ()) if name in form}
    else:
        fields = _known(row.record, {name: form[name] for name in row.record.model_fields if name in form})
    year, by, wrong = form.get("year"), form.get("by"), list[str]()
    if not isinstance(year, int) or isinstance(year, bool):
        wrong.append(_("Fiscal year"))
    if not isinstance(by, str) or not by:
        wrong.append(_("Done by (id of the register)"))
    strange, unknown = sorted(set(form) - set(form_of(row).model_fields)), _("unknown")
    wrong += [f"{name[:40]} ({unknown})" for name in strange]
    groups = {act.trigger: _groups(form.get(act.trigger)) for act in carried_by(row)}
    wrong += [act_title(trigger) for trigger, there in groups.items() if there is None]
    if wrong:
        raise _wrong(wrong)
    assert isinstance(year, int)
    return Entered(
        year=year, programme=str(form.get("programme", "")), by=str(by), fields=fields,
        occurred_at=_instant(form.get("occurred_at", "")), key=str(form.get("key", "")),
        carried=tuple(
            _typed(BY_TRIGGER[act], group, sender=str(by)) for act, there in groups.items() for group in there or ()
        ),
    )  # fmt: skip


def _groups(value: object) -> list[dict[str, Any]] | None:
    """Return the groups of an act on a form, none where nobody added one; None where they cannot be read."""
    there: list[Any] = cast("list[Any]", value or []) if isinstance(value, list | None) else [value]
    if not all(isinstance(group, dict) for group in there):
        return None
    groups = cast("list[dict[str, Any]]", there)
    return groups if all(isinstance(group.get("by") or "", str) for group in groups) else None


def _typed(row: Row, group: Mapping[str, Any], *, sender: str) -> Typed:
    fields = _known(row.record, {name: value for name, value in group.items() if name != "by"})
    return Typed(trigger=row.trigger, by=group.get("by") or sender, fields=fields)


def _fields(record: type[BaseModel]) -> dict[str, Any]:
    fields = record.model_fields.items()
    return {name: (_shown(field.annotation, field.metadata), _titled(field)) for name, field in fields}


def _titled(field: FieldInfo) -> Any:
    title, words = _(field.title) if field.title else None, None
    if any(isinstance(limit, StringConstraints) and limit.max_length for limit in field.metadata):
        words = _("Short words of staff; never a resident's name, address or number.")
    if field.is_required():
        return Field(title=title, description=words)
    default: Any = field.get_default(call_default_factory=True)
    if get_origin(field.annotation) is UnionType:
        default, such = "", _SUCH_AS.get(get_args(field.annotation)[0])
        words = _(such) if such else words
    if get_origin(field.annotation) is dict:
        default = [{"code": code, "count": count} for code, count in default.items()]
    return Field(default=_choice(field.annotation, default), title=title, description=words)


def _shown(annotation: Any, metadata: Iterable[Any] = ()) -> Any:
    """Return the annotation as Prefect's form can show it; its limits are kept."""
    if isclass(annotation) and issubclass(annotation, ActRecord):
        return create_model(annotation.__name__, **_fields(annotation))
    origin, inside = get_origin(annotation), get_args(annotation)
    shown: Any = annotation
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
    if get_origin(annotation) is Literal and isinstance(value, str):
        return choices.said(choices.words_for(get_args(annotation)), value)
    return value


def _known(record: type[BaseModel], shown: Mapping[str, Any]) -> dict[str, Any]:
    """Turn what a form shows back into what the record type knows; what is of another form is left for it to refuse."""
    fields = record.model_fields
    return {
        name: _unshown(fields[name].annotation, value) if name in fields else value for name, value in shown.items()
    }


def _unshown(annotation: Any, value: Any) -> Any:
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _unshown(inside[0], value)
    if origin in {UnionType, Literal}:
        known = _LEFT_OUT if origin is UnionType else {_choice(annotation, choice): choice for choice in inside}
        if AwareDatetime in inside and value:
            value = f"{value}+09:00"  # Tokyo's; whether there is such a time the record judges
        return known.get(value, value)
    if isinstance(value, list):
        items = cast("list[Any]", value)
        if origin is dict and all(isinstance(pair, dict) for pair in items):
            return {pair.get("code", ""): pair.get("count") for pair in items}
        return [_unshown(inside[0], item) for item in items] if origin is tuple else items
    if isclass(annotation) and issubclass(annotation, ActRecord) and isinstance(value, dict):
        return _known(annotation, cast("dict[str, Any]", value))
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
