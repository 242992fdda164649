"""What forms know: the tables name fields that there are, no tick is set, and no count that the receiver makes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playing import CYCLE, Played, begun

from models.fields import fields_of
from states.table import BY_TRIGGER, TABLE
from views import known
from views.known import Form

# What one side counts or reads for itself, so that both can be compared.
BLIND = {
    ("report_receipt", "received"), ("report_additions_receipt", "received"), ("report_printing", "good"),
    ("report_printing", "spoiled"), ("report_enclosing", "envelopes_left"), ("inspect_delivery", "delivered"),
    ("inspect_delivery", "wrong"), ("post", "accepted"), ("report_posting", "accepted"),
    ("report_receipt", "package_sha256"), ("report_additions_receipt", "package_sha256"),
}  # fmt: skip


@pytest.fixture
def year(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    with begun(template_home, tmp_path) as played:
        yield played


def _fields(act: str) -> dict[str, str]:
    return {field.name: field.takes.typed_as for field in fields_of(BY_TRIGGER[act].record)}


def test_every_row_is_about_a_field_that_there_is() -> None:
    """No row of the tables speaks of an act or a field that the rules do not know."""
    rows = {*known.KNOWN, *known.ONLY_BESIDE, *(key for key in known.PEOPLE_OF if key[0])}
    assert not [row for row in rows if row[1] not in _fields(row[0])]
    everywhere = {name for row in TABLE for name in row.record.model_fields}
    inside = {one.name for row in TABLE for field in fields_of(row.record) for one in field.takes.fields}
    named = {*known.ANY_ACT, *known.AS_LAST_YEAR, *known.AS_WORDS, *known.ASKED_FIRST, *known.ONLY_BESIDE.values()}
    assert named <= everywhere | inside


def test_no_tick_is_set() -> None:
    """Whatever is said by a tick is said by whoever sets it: of no act a flag is known, not from last year either."""
    flags = {(row.trigger, name) for row in TABLE for name, kind in _fields(row.trigger).items() if kind == "flag"}
    assert not flags & {key for key, says in known.KNOWN.items() if says}
    assert not {name for _act, name in flags} & {*known.ANY_ACT, *known.AS_LAST_YEAR}


def test_no_count_of_the_receivers_is_known() -> None:
    """What is counted by two sides is filled in for none."""
    assert not BLIND & known.KNOWN.keys()
    assert not {name for _act, name in BLIND} & {*known.ANY_ACT, *known.AS_LAST_YEAR}


@pytest.mark.parametrize("act", sorted(BY_TRIGGER))
def test_every_form_can_be_asked_before_anything_is_done(year: Played, act: str) -> None:
    """A form that is opened too early knows less, and stumbles over nothing."""
    with year.office.look(CYCLE) as here:
        row, person = BY_TRIGGER[act], here.facts.people["sato"]
        found = known.known(Form(here=here, row=row, by="sato", typist=person), fields_of(row.record))
    assert all(filled.value not in (None, "") for filled in found.values())
    assert found.keys() <= _fields(act).keys()


def test_a_slip_has_the_next_number_that_no_movement_has(year: Played) -> None:
    """Each movement proposes another number than those before it."""
    year.play(before="hand_over_password")
    with year.office.look(CYCLE) as here:
        row, person = BY_TRIGGER["hand_over_password"], here.facts.people["suzuki"]
        found = known.known(Form(here=here, row=row, by="suzuki", typist=person), fields_of(row.record))
    values = {name: filled.value for name, filled in found.items()}
    assert (values["slip"], values["item"], values["giver"]) == (f"K-{here.today.year}-02", "P-2026-01", "suzuki")


def test_the_second_receipt_has_the_copies_of_the_first(year: Played) -> None:
    """As many copies as were made of the first medium stand there, in their places, each with a number of its own."""
    year.play(before="hand_over")
    with year.office.look(CYCLE) as here:
        row, person = BY_TRIGGER["report_additions_receipt"], here.facts.people["sato"]
        found = known.known(Form(here=here, row=row, by="asahi", typist=person), fields_of(row.record))
        first = json.loads(here.facts.done["report_receipt"].data)
    copies = found["copies"].value
    assert [copy["place"] for copy in copies] == [copy["place"] for copy in first["copies"]] != []
    assert not {copy["copy_number"] for copy in copies} & {copy["copy_number"] for copy in first["copies"]}
    assert found["readers"].value == first["readers"]
