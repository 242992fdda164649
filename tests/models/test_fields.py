"""What each field of an act's record takes is told from the record's types, and what is told is true."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from models import choices
from models.errors import BadInput
from models.fields import fields_of
from states.rows import Row
from states.table import TABLE
from steps.acting import record_of


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.trigger)
def test_every_field_tells_its_kind_and_an_example_that_its_record_takes(row: Row) -> None:
    """No field is without words, and an example or a choice of each is accepted as it is typed."""
    fields = fields_of(row.record)
    for field in fields:
        assert field.title
        assert field.takes.kind
        for typed in (field.takes.example, *field.takes.choices):
            fill = {other.name: other.takes.example for other in fields if other.required}
            assert wrong(row, {**fill, field.name: typed}) == "", (field.name, typed)


def wrong(row: Row, typed: dict[str, str]) -> str:
    """Return what is wrong with what is typed, but for fields that only together make no sense."""
    try:
        record_of(row.record, typed)
    except BadInput as error:
        return error.message if any(f"{name} (" in error.message for name in typed) else ""
    return ""


def test_a_refused_value_is_told_what_its_field_takes() -> None:
    """Who mistypes a choice is shown all of them."""
    row = next(row for row in TABLE if row.trigger == "register_handlers")
    with pytest.raises(BadInput, match=r"subcontracting .*none.*consented"):
        record_of(row.record, {"handling_manager": "kondo", "handlers": "kondo", "subcontracting": "no"})


def literals(annotation: Any) -> Iterator[tuple[str, ...]]:
    """Walk over the choices within a type."""
    if get_origin(annotation) is Literal:
        yield get_args(annotation)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for field in annotation.model_fields.values():
            yield from literals(field.annotation)
    for inside in get_args(annotation):
        yield from literals(inside)


@pytest.mark.parametrize("row", [row for row in TABLE if not row.by_machine], ids=lambda row: row.trigger)
def test_every_choice_of_a_record_has_its_words(row: Row) -> None:
    """No choice is shown as a bare code, and no two of one field alike; a prefecture says itself."""
    for codes in set(literals(row.record)):
        words = choices.words_for(codes)
        assert len({words[code] if code.isascii() else code for code in codes}) == len(codes)
