"""The forms: one for each act of the table, in Japanese, and what is typed into them becomes the act's record."""

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Prefect
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playing import Played
from pydantic import Field
from sqlalchemy import select
from sqlmodel import col

from flows import forms
from flows.record import may_be_entered
from models import tables
from models.clock import TOKYO
from models.database import reading
from models.errors import BadInput
from models.people import Role, Side
from models.records.base import ActRecord, Count, Line
from rehearsal import cast
from rehearsal.cast import Scene
from states.rows import Row
from states.table import BY_TRIGGER, TABLE
from steps.acting import record_of
from steps.office import Office

pytestmark = pytest.mark.xdist_group("prefect")

ENTERED = tuple(row for row in TABLE if may_be_entered(row))

CONTRACT = {
    "year": 2026, "contract_number": "2026-総総-0101", "begins_on": "2026-10-01", "ends_on": "2027-01-31",
    "special_provisions_attached": True, "certificate_number": "1", "certificate_until": "2027-03-31", "by": "sato",
    "decision_number": "8-総総-101", "approved_on": "2026-09-01",
}  # fmt: skip
MEASURES = {"year": 2026, "by": "sato", "measures": ["W-OP-01"], "evidence": "契約書"}
LEFT_OUT = {
    forms.DAY: st.dates().map(str), forms.AT: st.dates(date(2000, 1, 1)).map(lambda day: f"{day}T10:00"),
}  # fmt: skip
HELD = {"year": 2026, "by": "sato", "reason": "drill"}


def send(prefect: Prefect, act: str, form: dict[str, Any]) -> Any:
    """Send a form and return the run's last state."""
    return prefect.flow_module("record").enter(act, form, return_state=True)


def events(office: Office) -> list[str]:
    with reading(office.engine) as connection:
        return list(connection.execute(select(col(tables.Ledger.event)).order_by(col(tables.Ledger.seq))).scalars())


def test_every_act_that_may_be_entered_has_a_form_in_japanese(prefect: Prefect) -> None:
    """Each such row has one form served, named in the order of the table, with a Japanese title a field; no other."""
    served = [it.name for it in prefect.flow_module("deployments").TABLE if it.row]
    assert served == [forms.name_of(row) for row in ENTERED]
    assert served == sorted(set(served))
    for row in ENTERED:
        schema = forms.form_of(row).model_json_schema()
        for shape in (schema, *schema.get("$defs", {}).values()):
            for name, field in shape["properties"].items():
                assert not field["title"].isascii() or name.endswith("sha256"), (row.trigger, name)


def test_no_field_of_a_record_is_hidden_by_the_form() -> None:
    """No record has a field of a name that the form uses: person, year, time, key, and the acts that it carries."""
    own = {"year", "by", "occurred_at", "key", "programme"}
    for row in TABLE:
        assert not (own | set(row.carries)) & set(row.record.model_fields), row.trigger


def test_a_new_row_brings_its_form_along() -> None:
    """A row and a record type that nobody has seen before make a form with their titles, limits and choices."""

    class Tasted(ActRecord):
        """試食."""

        cups: Count = Field(title="Count")
        place: Line = Field(title="Where")

    row = Row(
        trigger="taste", event="tasted", ja="試食", en="Taste", froms=("planned",), who=(Role.COORDINATOR,),
        owner=Side.WARD, record=Tasted,
    )  # fmt: skip
    known = forms._NUMBERS
    schema = forms.form_of(row).model_json_schema()
    assert row.trigger not in known
    assert schema["title"] == "試食"
    assert schema["properties"]["cups"] == {"title": "件数", "type": "integer", "minimum": 0, "maximum": 10_000_000}
    assert set(schema["required"]) == {"year", "by", "cups", "place"}


@pytest.mark.parametrize("row", [row for row in ENTERED if not row.by_machine], ids=lambda row: row.trigger)
@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_a_form_shows_is_what_the_record_takes(row: Row, data: st.DataObject) -> None:
    """Whatever the schema of a form lets through is accepted by the record type of the act, field by field."""
    schema = forms.form_of(row).model_json_schema()
    form = data.draw(filled_in(schema, schema.get("$defs", {})))
    read = forms.entered(row, form | {"occurred_at": ""})
    assert set(read.fields) == set(row.record.model_fields)
    record_of(row.record, read.fields)
    assert [it.trigger for it in read.carried] == [act for act in row.carries for _group in form.get(act, ())]
    for carried in read.carried:
        record_of(BY_TRIGGER[carried.trigger].record, carried.fields)


def filled_in(  # noqa: PLR0911 - one return for each kind of schema
    schema: dict[str, Any], shapes: dict[str, Any]
) -> st.SearchStrategy[Any]:
    """Fill in a form as its schema asks; a text without any rule is the list of serials, and the year is any year."""
    if "$ref" in schema:
        return filled_in(shapes[schema["$ref"].rpartition("/")[2]], shapes)
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    if "anyOf" in schema:
        return st.one_of(*(filled_in(one, shapes) for one in schema["anyOf"] if one.get("type") != "null"))
    if schema["type"] == "object":
        inside = schema.get("properties", {})  # what is open to any name is left empty
        return st.fixed_dictionaries({name: filled_in(it, shapes) for name, it in inside.items()})
    if schema["type"] == "array":
        items = filled_in(schema["items"], shapes)
        return st.lists(items, min_size=schema.get("minItems", 0), max_size=3)
    if schema["type"] == "integer":
        return st.integers(schema.get("minimum", 0), schema.get("maximum", 1000))
    return st.booleans() if schema["type"] == "boolean" else text(schema)


def text(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if (
        schema.get("pattern") in LEFT_OUT
    ):  # its pattern lets through days and times that there are not: the record judges
        return st.just("") | LEFT_OUT[schema["pattern"]]
    if "pattern" in schema:
        return st.from_regex(re.compile(schema["pattern"], re.ASCII), fullmatch=True)
    if schema.get("format") == "date":
        return st.dates().map(str)
    if schema.get("format") == "date-time":
        return st.dates(date(2000, 1, 1)).map(lambda day: f"{day}T10:00:00+09:00")
    if "maxLength" in schema:
        return st.text("あ東京-1", min_size=1, max_size=schema["maxLength"])
    return st.sampled_from(["1", "1-3, 7"])


def test_a_choice_is_shown_in_words_and_recorded_as_its_code(prefect: Prefect, opened: Office) -> None:
    """The kinds of an incident stand in Japanese on the form, and in the record as their codes."""
    row = BY_TRIGGER["report_incident"]
    shown = forms.form_of(row).model_json_schema()["properties"]["kind"]["enum"]
    assert "紛失" in shown
    state = send(
        prefect, "report_incident", {"year": 2026, "by": "sato", "kind": "紛失", "known_on": "2026-09-07"}
    )  # fmt: skip
    assert state.is_completed()
    with reading(opened.engine) as connection:
        assert json.loads(connection.execute(select(col(tables.Record.data))).scalars().all()[-1])["kind"] == "loss"


def test_what_follows_an_act_follows_its_form(prefect: Prefect, opened: Office) -> None:
    """An incident that is entered in the dashboard is followed by its three papers, as one entered at the desk is."""
    state = send(
        prefect, "report_incident", {"year": 2026, "by": "sato", "kind": "紛失", "known_on": "2026-09-07"}
    )  # fmt: skip
    assert state.is_completed()
    papers = {path.name for path in opened.papers.iterdir()}
    assert papers == {"incident-1-report.pdf", "incident-1-notice.pdf", "incident-1-publication.pdf"}


def test_a_form_records_the_act_as_entered_in_the_dashboard(prefect: Prefect, opened: Office) -> None:
    """A filled-in form is the act, marked as entered in the dashboard; the run says where the year stands."""
    state = send(prefect, "claim_measures", MEASURES)
    assert state.is_completed()
    assert "契約準備中" in state.message
    with reading(opened.engine) as connection:
        record = connection.execute(select(tables.Record)).one()
    assert (record.act, record.by, record.via) == ("claim_measures", "sato", "dashboard")


def test_a_refusal_lists_what_is_missing_and_changes_nothing(prefect: Prefect, opened: Office) -> None:
    """A refused form is a run named 未記録 whose message lists every unmet guard; the state and the records stay."""
    state = send(prefect, "conclude_contract", CONTRACT)
    assert (state.is_completed(), state.name) == (True, "未記録")
    assert "W-OP-01" in state.message
    assert "\n  - " in state.message
    with reading(opened.engine) as connection:
        assert connection.execute(select(tables.Record)).all() == []
        assert connection.execute(select(col(tables.Cycle.state))).scalar_one() == "planned"


def test_the_same_form_twice_on_a_day_is_one_act(prefect: Prefect, opened: Office) -> None:
    """A form that is sent twice is one act, and the second run says so; with a mark of its own it is another."""
    first, second = (send(prefect, "claim_measures", MEASURES) for _ in range(2))
    assert first.is_completed()
    assert second.is_completed()
    assert "既に行われています" in second.message
    assert events(opened).count("measures_claimed") == 1
    assert send(prefect, "claim_measures", MEASURES | {"key": "2"}).is_completed()
    assert events(opened).count("measures_claimed") == 2


def test_what_was_refused_may_be_sent_again(prefect: Prefect, opened: Office) -> None:
    """A refused form that is sent again unchanged, once what was missing is there, is done."""
    assert send(prefect, "conclude_contract", CONTRACT).name == "未記録"
    with reading(opened.engine) as connection:
        needed = opened.door.facts(connection, "hatachi-2026").measures_for("conclude_contract")
    for side, by in (("W", "sato"), ("C", "asahi")):
        mine = [measure for measure in needed if measure.startswith(side)]
        assert send(prefect, "claim_measures", MEASURES | {"by": by, "measures": mine}).is_completed()
    assert send(prefect, "conclude_contract", CONTRACT).is_completed()


@pytest.mark.parametrize("row", [row for row in ENTERED if row.carries], ids=lambda row: row.trigger)
def test_a_form_offers_what_its_row_carries(row: Row) -> None:
    """Each act that a person may type is there, in the order of the row and none asked for; the machine's are not."""
    schema = forms.form_of(row).model_json_schema()
    typed = [act for act in row.carries if not BY_TRIGGER[act].by_machine]
    assert [name for name in schema["properties"] if name in row.carries] == typed
    for act in typed:
        shown = schema["properties"][act]
        group = schema["$defs"][shown["items"]["$ref"].rpartition("/")[2]]
        assert (shown["type"], shown["default"], act in schema["required"]) == ("array", [], False)
        assert set(group["properties"]) == {*BY_TRIGGER[act].record.model_fields, "by"}
        assert "by" not in group.get("required", ())


def claims(office: Office) -> list[dict[str, Any]]:
    """Claim what the contract needs, of the ward in the sender's name and of the contractor in his manager's."""
    with reading(office.engine) as connection:
        needed = office.door.facts(connection, "hatachi-2026").measures_for("conclude_contract")
    sides = (("W", ""), ("C", "asahi"))
    return [
        {"measures": [it for it in needed if it.startswith(side)], "evidence": "契約書", "by": by} for side, by in sides
    ]


def recorded(office: Office) -> list[tuple[str, str, str]]:
    record = tables.Record
    with reading(office.engine) as connection:
        rows = connection.execute(select(record.act, record.by, record.via).order_by(col(record.ledger_seq)))
        return [(act, by, via) for act, by, via in rows]


def test_one_form_enters_several_acts(prefect: Prefect, opened: Office) -> None:
    """Two claims and the contract are sent once, and each has its entry; sent again it changes nothing."""
    form = CONTRACT | {"claim_measures": claims(opened)}
    state = send(prefect, "conclude_contract", form)
    assert state.is_completed()
    assert (state.message.count("対策の実施記録"), state.message.count("「契約締結」")) == (2, 1)
    entered = [("claim_measures", "sato"), ("claim_measures", "asahi"), ("conclude_contract", "sato")]
    assert recorded(opened) == [(*it, "dashboard") for it in entered]
    with reading(opened.engine) as connection:
        told = list(connection.execute(select(col(tables.Ledger.entry)).order_by(col(tables.Ledger.seq))).scalars())
    first, *others = (json.loads(entry) for entry in told[-3:])
    assert [entry["data"].get("entered_with") for entry in others] == [first["seq"]] * 2
    assert send(prefect, "conclude_contract", form).message.count("既に行われています") == 3
    assert len(recorded(opened)) == 3


def test_a_report_and_its_confirmation_are_one_form(prefect: Prefect, opened: Office, tmp_path: Path) -> None:
    """What the contractor reported and the ward confirms are entered at once, in both their names."""
    year = Played(folder=tmp_path / "office", office=opened)
    year.play(before="report_printing")
    scene = Scene(office=opened, facts=year.facts(), printer=year.printer)
    year.claim_again("complete_printing")
    before = len(recorded(opened))
    report, confirmation = cast.form("complete_printing", scene, ())
    form = {
        "year": 2026, "by": "sato", **confirmation.fields, "report_printing": [{**report.fields, "by": "asahi"}],
    }  # fmt: skip
    state = send(prefect, "complete_printing", form)
    assert state.is_completed(), state.message
    assert recorded(opened)[before:] == [
        ("report_printing", "asahi", "dashboard"), ("complete_printing", "sato", "dashboard"),
    ]  # fmt: skip


def test_a_form_with_a_refused_act_enters_none(prefect: Prefect, opened: Office) -> None:
    """The run says that nothing of the form is recorded; a group that cannot be read is named."""
    form = CONTRACT | {"claim_measures": claims(opened)}
    refused = send(prefect, "conclude_contract", form | {"special_provisions_attached": False})
    assert refused.name == "未記録"
    assert "一件も記録されていません" in refused.message
    for group in ("ヒミツ", [{"by": 1}], ["ヒミツ"], [{"measures": ["W-OP-01"]}]):
        unread = send(prefect, "conclude_contract", form | {"claim_measures": group})
        assert unread.name == "未記録"
        assert "対策の実施記録" in unread.message
        assert "ヒミツ" not in unread.message
    assert recorded(opened) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"by": "nobody"}, "関係者名簿"),
        ({"by": ""}, "行った人"),
        ({"year": "ヒミツ"}, "年度"),
        ({"year": 2031}, "2031"),
        ({"begins_on": "2026-02-30"}, "begins_on"),
        ({"occurred_at": "2026-13-40T10:00"}, "行った日時"),
        ({"surprise": "ヒミツ"}, "surprise"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    prefect: Prefect, opened: Office, changed: dict[str, Any], said: str
) -> None:
    """Unknown persons, years that are not open, impossible dates and strange fields are refused by name, not value."""
    state = send(prefect, "conclude_contract", CONTRACT | changed)
    assert state.name == "未記録"
    assert said in state.message
    assert "ヒミツ" not in state.message
    assert "nobody" not in state.message
    assert "contract_concluded" not in events(opened)


def test_a_negative_count_is_refused_by_the_form_itself() -> None:
    """The form's own schema refuses a negative count, an impossible choice and a wrong id, each at its field."""
    from prefect.utilities.schema_tools.validation import validate

    schema = forms.form_of(BY_TRIGGER["complete_printing"]).model_json_schema()
    report = {"by": "佐藤", "good": -1}
    wrong = validate({"year": 2026, "by": "佐藤", "letters_printed": -1, "report_printing": [report]}, schema)
    at = {tuple(error.absolute_path) for error in wrong if error.validator != "required"}
    assert at == {("letters_printed",), ("by",), ("report_printing", 0, "by"), ("report_printing", 0, "good")}


@pytest.mark.parametrize("row", ENTERED, ids=lambda row: row.trigger)
def test_what_may_be_left_out_is_taken_as_the_form_shows_it(row: Row) -> None:
    """Prefect's own validation takes what a form and the groups that it carries begin with: V1 sends all of it."""
    from prefect.utilities.schema_tools.validation import validate

    schema = forms.form_of(row).model_json_schema()
    for shape in (schema, *schema.get("$defs", {}).values()):
        begun = {name: field["default"] for name, field in shape["properties"].items() if "default" in field}
        assert [error for error in validate(begun, schema | shape) if error.validator != "required"] == []


@pytest.mark.parametrize(
    ("day", "time"), [("", ""), ("2026-09-07", "2026-09-07T08:15"), ("2026-09-07", "2026-09-07 08:15")]
)
def test_a_day_and_a_time_are_typed_or_left_out(day: str, time: str) -> None:
    """Prefect's own validation takes them empty and typed, and refuses words; the record knows the time as Tokyo's."""
    from prefect.utilities.schema_tools.validation import validate

    for act, name, typed in (("conclude_contract", "certificate_until", day), ("report_incident", "known_at", time)):
        schema = {"properties": {name: forms.form_of(BY_TRIGGER[act]).model_json_schema()["properties"][name]}}
        assert validate({name: typed}, schema) == []
        assert [error.validator for error in validate({name: "昨日"}, schema)] == ["pattern"]
    row = BY_TRIGGER["report_incident"]
    form = {"year": 2026, "by": "sato", "kind": "紛失", "known_on": "2026-09-07"}
    record = record_of(row.record, forms.entered(row, form | {"known_at": time}).fields)
    at = datetime(2026, 9, 7, 8, 15, tzinfo=TOKYO) if time else None
    assert record.model_dump()["known_at"] == at
    with pytest.raises(BadInput, match="known_at"):
        record_of(row.record, forms.entered(row, form | {"known_at": "2026-02-30T08:15"}).fields)


def test_four_eyes_are_for_the_desk_alone(prefect: Prefect) -> None:
    """An act that two must do has no form in the dashboard, neither to propose it nor to confirm it."""
    served = prefect.flow_module("deployments").TABLE
    assert [it.row.trigger for it in served if it.row and it.row.second] == []
    assert not hasattr(prefect.flow_module("record"), "confirm_act")


def test_the_time_on_a_form_is_tokyos() -> None:
    """A time typed into a form is a time of Tokyo."""
    it = forms.entered(BY_TRIGGER["hold"], HELD | {"occurred_at": "2026-11-09T10:00"})
    assert it.occurred_at == datetime(2026, 11, 9, 10, 0, tzinfo=TOKYO)
    with pytest.raises(BadInput):
        forms.entered(BY_TRIGGER["hold"], HELD | {"occurred_at": "昨日"})
