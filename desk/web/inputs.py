"""Fields of an act's record on a page: how each is typed, what stands in it already, and what was sent read back."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from desk.web.uploads import Sent
from models import choices
from models.fields import Field
from models.people import Person, Side
from models.words import _
from steps import acting
from steps.office import Office
from views import known
from views.known import Filled

_LONGEST = 80  # characters of what a link fills in
BLANK_ROWS = 3  # offered below the rows that stand there; a form that is full is sent, and opened again for more
# Codes that are usual, by the end of a field's name without the places of rows.
_CODES: Mapping[str, choices.Words] = {
    ".copies.kind": choices.COPIES,
    "record_returned_mail.reason": choices.RETURN_REASONS,
}
_PLACE = re.compile(r"\.[0-9]+")


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What can be chosen on a form: people by their names, numbers of items, of which some can be carried.

    `codes` are the codes of a field by its name, each with its words.
    """

    people: Sequence[Person] = ()
    items: Sequence[tuple[str, str]] = ()
    things: Sequence[tuple[str, str, str]] = ()  # with who has it
    measures: Sequence[tuple[str, str]] = ()
    codes: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict[str, Sequence[tuple[str, str]]])


@dataclass(frozen=True, kw_only=True)
class Input:
    """One field on a page: its name there, how it is typed, what stands in it, and what is wrong with it."""

    name: str
    field: Field
    value: Any = None
    wrong: str = ""
    rows: tuple[tuple["Input", ...], ...] = ()
    filled: Filled | None = None  # what stood in it before anybody typed, and who says so
    shown: Literal["typed", "words"] = "typed"  # or as words, with a way to change them
    is_first: bool = True  # before the other fields
    sides: frozenset[Side] = frozenset()  # whose people it may name; none for everybody's
    states: tuple[str, ...] = ()  # of the items that it may name; none for all
    asked_by_a_guard: bool = False  # the record could do without it, and a guard cannot
    in_a_later_row: bool = False  # of a row that need not be there

    @property
    def is_known(self) -> bool:
        """Tell what a person looks at and need not type."""
        return self.filled is not None and not self.wrong

    @property
    def id(self) -> str:
        """Return the id by which its label finds it."""
        return f"f-{self.name.replace('.', '-').replace(':', '-')}"

    @property
    def text(self) -> str:
        """Return what stands in it as text."""
        if self.value is None or isinstance(self.value, bool):
            return {True: "true", False: "false"}.get(self.value, "") if self.value is not None else ""
        text = ", ".join(sorted(self.chosen)) if self.field.takes.several else str(self.value)
        return text[:16] if self.field.takes.typed_as == "moment" else text

    @property
    def chosen(self) -> frozenset[str]:
        """Return the choices that are ticked, where several may be."""
        return frozenset(map(str, self.value or ())) if self.field.takes.several else frozenset()

    @property
    def counts(self) -> list[tuple[str, str]]:
        """Return counts by code as rows, with blank ones below."""
        there = [(code, str(count)) for code, count in dict(self.value or {}).items()]
        return there if self.filled and there else [*there, *([("", "")] * BLANK_ROWS)]

    @property
    def is_needed(self) -> bool:
        """Tell what has to be filled in."""
        return (self.field.required or self.asked_by_a_guard) and not self.in_a_later_row

    @property
    def codes(self) -> Mapping[str, str]:
        """Return the usual codes of a field with their words, for one that takes any code."""
        words = next((words for end, words in _CODES.items() if _PLACE.sub("", self.name).endswith(end)), None)
        own = {self.text: self.text} if self.text else {}
        return {**own, **{code: _(word) for code, word in words.items()}} if words else {}

    @property
    def unit(self) -> str:
        """Return in what a number is counted, "" for one that counts nothing."""
        return known.unit_of(self.field.name)


def told_by(address: Mapping[str, str], fields: Iterable[Field]) -> dict[str, str]:
    """Return what the link to a form fills in: single values by the names of fields; whoever opens it sees them."""
    many = {"file", "counts", "records"}
    single = {one.name for one in fields if not one.takes.several and one.takes.typed_as not in many}
    return {name: text[:_LONGEST] for name, text in address.items() if name in single and text}


def inputs(
    fields: Iterable[Field], values: Mapping[str, Any], wrong: Mapping[str, str] | None = None, *, prefix: str = ""
) -> tuple[Input, ...]:
    """Return the fields of a record as a page shows them; `values` is what stands in them."""
    return tuple(
        Input(
            name=prefix + one.name, field=one, value=values.get(one.name, one.default),
            wrong=(wrong or {}).get(one.name, ""),
            rows=_rows(one, values.get(one.name, one.default), prefix) if one.takes.typed_as == "records" else (),
        )
        for one in fields
    )  # fmt: skip


def _rows(field: Field, value: Any, prefix: str) -> tuple[tuple[Input, ...], ...]:
    """Return what stands in the rows of a field, and blank ones below; where rows are numbered they are all."""
    there: list[Mapping[str, Any]] = [dict(row) for row in value or ()]
    numbered = any("copy_number" in row for row in there)
    blank: list[Mapping[str, Any]] = [] if numbered else [{}] * BLANK_ROWS
    rows = (
        inputs(field.takes.fields, row, prefix=f"{prefix}{field.name}.{number}.")
        for number, row in enumerate([*there, *blank])
    )
    return tuple(tuple(replace(one, in_a_later_row=number > 0) for one in row) for number, row in enumerate(rows))


def typed(office: Office, fields: Iterable[Field], sent: Sent, *, prefix: str = "") -> dict[str, Any]:
    """Return what was typed into the fields of a record, as the record reads it; what was left empty is left out.

    Raises:
        BadInput: a file cannot be kept as evidence.

    """
    found = {one.name: _typed(office, one, prefix + one.name, sent) for one in fields}
    return {name: value for name, value in found.items() if value is not None}


def _typed(office: Office, field: Field, name: str, sent: Sent) -> Any:
    kind = field.takes.typed_as
    if kind == "records":
        return _typed_rows(office, field, name, sent)
    if kind == "counts":
        pairs = zip(sent.texts.get(f"{name}.code", ()), sent.texts.get(f"{name}.count", ()), strict=False)
        return {code.strip(): _number(count.strip()) for code, count in pairs if code.strip() and count.strip()} or None
    if kind == "file" and name in sent.files:
        sent_file = sent.files[name]
        return acting.keep_file(office, sent_file.name, sent_file.content)
    if field.takes.several:
        return [_value(kind, text) for text in _several(sent.all(name))] or None
    if (kind == "flag" and field.default is not None) or (kind == "flag" and field.required):
        return sent.one(name) == "true"
    text = next(iter(sent.all(name)), "")  # what was typed comes before what is known
    return _value(kind, text) if text else None


def _several(texts: Sequence[str]) -> list[str]:
    """Read what was ticked, or typed with commas between."""
    return [part.strip() for text in texts for part in text.replace("、", ",").split(",") if part.strip()]


def _typed_rows(office: Office, field: Field, name: str, sent: Sent) -> list[dict[str, Any]] | None:
    start = f"{name}."
    numbers = sorted({
        int(rest.partition(".")[0])
        for key in (*sent.texts, *sent.files) if key.startswith(start)
        for rest in (key.removeprefix(start),) if rest.partition(".")[0].isdigit()
    })  # fmt: skip
    rows = [_without_flags(field, typed(office, field.takes.fields, sent, prefix=f"{start}{n}.")) for n in numbers]
    return [row for row in rows if row] or None


def _without_flags(field: Field, row: dict[str, Any]) -> dict[str, Any]:
    """Return nothing for a row that only has its number, or ticks as they were: nobody typed it."""
    said = {one.name for one in field.takes.fields if one.takes.typed_as not in {"flag", "choice", "item"}}
    return row if said & set(row) else {}


def _value(kind: str, text: str) -> Any:
    if kind == "number":
        return _number(text)
    if kind == "flag":
        return text == "true"
    if kind == "moment" and text:
        return f"{text}:00+09:00" if len(text) == len("2026-11-09T10:00") else text
    return text


def _number(text: str) -> int | str:
    """Read a number as people type it, with commas and wide digits; what is none the record refuses by its title."""
    plain = text.replace(",", "").replace("，", "")
    return int(plain) if plain.isdecimal() else text
