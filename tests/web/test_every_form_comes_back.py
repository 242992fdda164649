"""Every form of the contractor's in Excel through a year: out, filled in, uploaded, shown as read, recorded for him."""

import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from browsing import Browser
from playing import CYCLE, Played

from adapters import entry_form
from models.people import Side
from papers import entry_forms
from rehearsal import cast
from rehearsal.cast import Scene
from states.table import BY_TRIGGER
from steps import identity, preparation
from steps.identity import Together
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE

# In the order of a year; what the contractor sends only when something went wrong is read in tests/steps.
ACTS = (
    "register_handlers", "declare_cloud_use", "submit_work_plan", "submit_text_proof", "report_receipt",
    "submit_imprint_sample", "report_printing", "report_status", "report_enclosing", "return_items", "report_erasure",
    "report_completion",
)  # fmt: skip
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _AsSent(HTMLParser):
    """Reads what a browser sends of the form of an act at one click."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.inside, self.select = False, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the value of a field that counts."""
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = said.get("class") == "act"
        elif tag == "select":
            self.select = said["name"]
        ticked = said.get("type") not in {"checkbox", "radio"} or "checked" in said
        chosen = tag == "option" and "selected" in said
        name = self.select if chosen else said.get("name", "")
        counts = chosen or (tag == "input" and ticked and said.get("type") != "file")
        if self.inside and counts and name and said.get("value"):
            self.fields.append((name, said["value"]))


def _typist(office: Office) -> Office:
    ward = [person.id for person in preparation.everybody(office) if person.side is not Side.CONTRACTOR]
    return office.of(Together({it: identity.unlock(office, it, SAMPLE_PASSPHRASE) for it in ward}, typist="suzuki"))


def test_every_form_of_a_year_comes_back_and_becomes_its_act(
    keyed: Office, browser: Callable[[], Browser], tmp_path: Path
) -> None:
    """What the contractor writes into each form is what its act says, entered by a coordinator in his man's name."""
    (tmp_path / "inbox").mkdir()
    person = browser()
    year = Played(folder=tmp_path, office=_typist(keyed))
    for act in ACTS:
        year.play(before=act)
        person.log_in("sato")
        row = BY_TRIGGER[act]
        scene = Scene(office=year.office, facts=year.facts(), printer=year.printer)
        record = json.loads(row.record.model_validate(dict(cast.fields(act, scene))).model_dump_json())
        with year.office.look(CYCLE) as here:
            form = entry_forms.entry_form(here, act)
        told = {one.name: record[one.name] for one in form.fields}
        book = entry_form.write(replace(form, values=told))
        person.open(f"/{CYCLE}/forms")
        page = person.send(f"/{CYCLE}/forms", files={"form": (f"{act}.xlsx", book, _XLSX)})
        assert "まだ記録していません" in page, act
        reader = _AsSent()
        reader.feed(page)
        sent: dict[str, list[str]] = {}
        for name, value in reader.fields:
            sent.setdefault(name, []).append(value)
        person.send(f"/{CYCLE}/acts/{act}", **sent)
        done = year.facts().done[act]
        assert {name: json.loads(done.data)[name] for name in told} == told, act
        assert done.by == "asahi"
