"""Each law that a rehearsal looks at can fail: broken on purpose in a year that keeps them all, it is the one told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import text

from adapters.finder import Finder
from rehearsal import laws
from rehearsal.people import People
from rehearsal.printer import Printer
from states.table import BY_TRIGGER
from steps import acting, papers
from steps.office import Office

CYCLE, RESIDENT = "hatachi-2026", "鸛巣　雷鳥丸"
Breaking = Callable[["Broken"], object]


@dataclass
class Broken:
    """An installation whose database has lost its triggers, as only an attacker's or a bug's would."""

    office: Office
    seen: laws.Seen = field(default_factory=laws.Seen)

    def sql(self, *statements: str) -> None:
        with self.office.engine.begin() as connection:
            for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
            for statement in statements:
                connection.execute(text(statement))

    def told(self, *, after_the_watch: bool = False) -> set[str]:
        view = laws.View(
            office=self.office, cycle_id=CYCLE, finder=Finder({RESIDENT}), seen=self.seen,
            after_the_watch=after_the_watch,
        )  # fmt: skip
        return set(laws.broken(view))

    def note(self, event: str, **data: object) -> None:
        self.office.door.note(CYCLE, event, by="sato", via="desk", data=data)


@pytest.fixture
def year(office: Office) -> Broken:
    """Give a year with an act in it, held and released no more than once, whose laws all hold."""
    for measure, by in (("W-OP-01", "sato"), ("C-OP-01", "asahi")):
        acting.perform(office, CYCLE, "claim_measures", by=by, fields={"measures": measure, "evidence": "点検表"})
    fields = {"contract_number": "26-31", "begins_on": "2026-10-01", "ends_on": "2026-12-25",
              "special_provisions_attached": True, "certificate_number": "1", "certificate_until": "2027-03-31",
              "decision_number": "8-総総-101", "approved_on": "2026-09-01"}  # fmt: skip
    acting.perform(office, CYCLE, "conclude_contract", by="sato", fields=fields)
    acting.perform(office, CYCLE, "report_incident", by="sato", fields={"kind": "leak", "known_on": "2026-09-01"})
    it = Broken(office)
    assert it.told() == set()
    return it


def _resident_in_a_paper(year: Broken) -> None:
    papers.put(year.office, "paper", RESIDENT.encode("utf-16-le"))


def _key_left_behind(year: Broken) -> None:
    folder = year.office.settings.key_folder / "vault"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{CYCLE}.key").write_bytes(b"x")
    record = '{"found": 0}'
    _record(year, "erase_ward_data", record)


def _record(year: Broken, act: str, data: str) -> None:
    """Put a record and its entry where they belong, so that only what is tried is wrong."""
    year.note(BY_TRIGGER[act].event, record={}, occurred_at="")
    year.sql(
        "INSERT INTO record (cycle_id, act, key, status, by, via, occurred_at, entered_at, data, confirmed_by,"
        f" ledger_seq) SELECT '{CYCLE}', '{act}', '{act}', 'done', 'sato', 'desk', '2026-09-01', '2026-09-01',"
        f" '{data}', '', MAX(seq) FROM ledger"
    )


def _seq_of(event: str, year: Broken) -> int:
    with year.office.engine.connect() as connection:
        return int(connection.execute(text(f"SELECT seq FROM ledger WHERE event = '{event}'")).scalar_one())


BREAKINGS: dict[str, Breaking] = {
    "state_is_what_the_ledger_tells": lambda year: year.sql("UPDATE cycle SET state = 'ready'"),
    "every_act_has_one_entry_and_one_record": lambda year: year.sql(
        "UPDATE record SET ledger_seq = 1 WHERE act = 'conclude_contract'"
    ),
    "form_carries_what_its_row_says": lambda year: year.note(
        "contacts_confirmed", record={}, occurred_at="", entered_with=_seq_of("contract_concluded", year)
    ),
    "rules_are_those_of_the_table": lambda year: year.sql(
        "INSERT INTO rule VALUES ('cycle', 'ready', 'skip', 'closed')"
    ),
    "nobody_can_be_read_outside_the_vault": _resident_in_a_paper,
    "ledger_only_grows_and_verifies": lambda year: year.sql(
        "UPDATE ledger SET entry = replace(entry, 'W-OP-01', 'W-OP-02') WHERE event = 'measures_claimed'"
    ),
    "every_decision_on_a_row_is_somebodys": lambda year: year.sql(
        f"INSERT INTO heldrow VALUES ('{CYCLE}', 5, 'name', 'font', 'accept', 'seen', '', 'sato')"
    ),
    "counts_are_conserved": lambda year: year.sql(f"INSERT INTO piece VALUES ('{CYCLE}', 7, 'extract', 'exported')"),
    "what_went_out_came_back": lambda year: year.sql(
        f"INSERT INTO item VALUES ('{CYCLE}', 'M-2026-01', 'medium', 'with_contractor', 'x')",
        "UPDATE cycle SET state = 'media_returned'",
    ),
    "nothing_is_kept_unlisted": lambda year: (
        year.note("year_closed", record={}, occurred_at=""),
        year.sql(
            f"INSERT INTO item VALUES ('{CYCLE}', 'RL-2026-01', 'returned_letters', 'with_ward', 'x')",
            "UPDATE cycle SET state = 'closed'",
        ),
    ),
    "materials_are_conserved": lambda year: (
        _record(year, "deliver_manuscript", f'{{"template_sha256": "{"0" * 64}", "sheets": 9, "envelopes": 9}}'),
        _record(year, "report_enclosing", '{"sealed": "1-4", "machine_count": 4, "envelopes_left": 4}'),
    ),
    "key_and_vault_are_gone": _key_left_behind,
    "every_deviation_is_an_incident": lambda year: year.sql("DELETE FROM incident"),
    "every_movement_tells_everything": lambda year: year.note(
        "delivery_inspected", record={"delivered": 3, "giver": "asahi", "receiver": "sato", "slip": "K-5"}
    ),
    "held_cycle_does_nothing_but_rescue": lambda year: year.sql("UPDATE cycle SET on_hold = 0"),
    "four_eyes_are_two_people": lambda year: year.note(
        "extract_checked", record={}, proposed_by="sato", occurred_at=""
    ),
    "every_actor_is_on_the_register": lambda year: year.sql("DELETE FROM staff WHERE id = 'sato'"),
    "no_commitment_slides": lambda year: year.sql("UPDATE act SET planned_on = '2026-12-01' WHERE act = 'post'"),
    "tables_are_what_the_ledger_tells": lambda year: year.sql("UPDATE claim SET evidence = 'x'"),
    "outbox_tells_what_the_ledger_tells": lambda year: year.note("reminder_sent", act="post"),
}


@pytest.mark.parametrize("law", BREAKINGS)
def test_a_law_that_is_broken_is_told(year: Broken, law: str) -> None:
    """Each law is broken once, behind the back of the door, and the look at the laws names it."""
    BREAKINGS[law](year)
    assert law in year.told()


def test_an_act_past_its_day_without_a_flag_is_told(year: Broken) -> None:
    """After a morning's watch an open act that is past its day must show it, also where nothing was entered."""
    year.sql("UPDATE act SET due_on = '2026-08-03', flag = 'due_soon' WHERE act = 'post'")
    assert year.told(after_the_watch=True) == {"what_is_overdue_is_flagged"}
    assert year.told() == set()


def test_an_act_done_on_a_held_cycle_is_told(year: Broken) -> None:
    """An entry of an act that a hold forbids is told, unless it only enters what has happened already."""
    year.note("work_plan_submitted", record={}, occurred_at="")
    assert "held_cycle_does_nothing_but_rescue" in year.told()


def test_an_act_beyond_a_commitment_of_which_nothing_is_said_is_told(year: Broken) -> None:
    """An act that is owed after the day of a commitment, without the commitment being said to be passed, is told."""
    year.sql("UPDATE act SET due_on = '2027-03-01' WHERE act = 'post'")
    assert "no_commitment_slides" in year.told()


def test_what_did_not_follow_an_act_is_told(office: Office, tmp_path: Path) -> None:
    """Where people act as they should and a paper of the act is not printed, the rehearsal ends there."""
    people = People(office=office, cycle_id=CYCLE, printer=Printer(folder=tmp_path))
    people.claim_measures("conclude_contract", people.facts())
    left = patch("steps.after.follow", return_value=("the contractor's forms",))
    with left, pytest.raises(laws.LawBroken, match="conclude_contract: the contractor's forms"):
        people.play("conclude_contract")


def test_every_law_has_its_breaking() -> None:
    """No law is looked at that nobody has seen fail."""
    assert {law.__name__ for law in laws.LAWS} == {*BREAKINGS, "what_is_overdue_is_flagged"}


def test_a_rehearsal_without_faults_looks_at_the_movements_too(year: Broken) -> None:
    """Whatever else is wrong is not looked for; a movement that lacks a column is."""
    year.sql("UPDATE cycle SET state = 'ready'")
    view = laws.View(office=year.office, cycle_id=CYCLE, finder=None, seen=laws.Seen())
    assert laws.broken(view) == {}
    BREAKINGS["every_movement_tells_everything"](year)
    view = laws.View(office=year.office, cycle_id=CYCLE, finder=None, seen=laws.Seen())
    assert set(laws.broken(view)) == {"every_movement_tells_everything"}


def test_a_movement_that_lacks_a_column_is_told_unless_its_deviation_follows(year: Broken) -> None:
    """A giver that nobody knows is 不明 in the ledger: the law holds only with its deviation."""
    told = {"delivered": 3, "giver": "", "receiver": "sato", "slip": "K-5", "locked_bag": True}
    year.note("delivery_inspected", record=told)
    year.note("deviation_recorded", act="inspect_delivery", broken=["hands_and_slip_are_told"])
    assert "every_movement_tells_everything" not in year.told()
    year.note("delivery_inspected", record=told)
    assert "every_movement_tells_everything" in year.told()
    whole = {**told, "giver": "asahi"}
    year.note("delivery_inspected", record=whole)
