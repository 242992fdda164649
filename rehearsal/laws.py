"""The laws of the design, looked at after every step of a rehearsal with faults: each as a claim that can fail.

What the control ledger must tell of each movement is looked at after every step of every rehearsal.

The counts are worked out anew from the entries of the ledger; what else the tables say is compared with the ledger
replayed (states/replay.py), as `tsudoi ledger verify` compares it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import SQLModel, col

from adapters.finder import Finder
from adapters.scanner import scan
from models import tables
from models.database import reading
from models.errors import Damaged, TsudoiError
from models.people import Person
from models.serials import count, expand
from papers.control_ledger import lacking, lines_of
from states import ledger
from states.acts import form_of
from states.events import BY_EVENT
from states.reading import people
from states.replay import TITLES, Difference, Replay, compared, replayed
from states.rows import BEFORE_RETURN
from states.rules import conservation
from states.table import BY_TRIGGER, HOLDING, all_rules
from steps import auditing
from steps.office import Office
from views import commitments

OPENS_AN_INCIDENT = {BY_TRIGGER[act].event for act in HOLDING} - {"cycle_held"}
_ON_THE_WAY = (*BEFORE_RETURN, "media_returned", "erased", "closed")
Entry = Mapping[str, Any]


class LawBroken(RuntimeError):
    """A law of the design does not hold: a bug of this project, never a mistake of people. The words name the law."""


@dataclass
class Seen:
    """What was seen at the look before: how long the ledger was and its root, and the files by size and time."""

    entries: int = 0
    root: bytes = b""
    files: dict[Path, tuple[int, int]] = field(default_factory=dict[Path, tuple[int, int]])


@dataclass(frozen=True, kw_only=True)
class View:
    """One cycle, read once: its tables as they are stored and its ledger as it is written."""

    office: Office
    cycle_id: str
    finder: Finder | None  # None: only the laws that read no file are looked at
    seen: Seen
    after_the_watch: bool = False

    @cached_property
    def entries(self) -> list[Entry]:
        """The entries of this cycle in their order."""
        with reading(self.office.engine) as connection:
            return [json.loads(text) for text in ledger.entries(connection, cycle_id=self.cycle_id)]

    def rows(self, table: type[SQLModel]) -> Sequence[Any]:
        """Return the rows of a table that belong to this cycle."""
        key = "id" if table is tables.Cycle else "cycle_id"
        query = select(table).where(getattr(table, key) == self.cycle_id)
        with reading(self.office.engine) as connection:
            return connection.execute(query).all()

    @cached_property
    def cycle(self) -> Any:
        """The cycle itself."""
        return self.rows(tables.Cycle)[0]

    @cached_property
    def pieces(self) -> Sequence[Any]:
        """Every mail piece."""
        return self.rows(tables.Piece)

    @cached_property
    def replayed(self) -> Replay:
        """The ledger replayed."""
        with reading(self.office.engine) as connection:
            return replayed(connection)

    @cached_property
    def differences(self) -> Sequence[Difference]:
        """What of the tables is not what the ledger tells."""
        with reading(self.office.engine) as connection:
            return list(compared(connection, self.replayed))

    def differing(self, *names: str) -> Iterator[str]:
        """Say what of these tables is not what the ledger tells."""
        yield from (str(difference) for difference in self.differences if difference.table in names)

    @cached_property
    def people(self) -> Mapping[str, Person]:
        """Everybody on the register."""
        with reading(self.office.engine) as connection:
            return people(connection)

    def latest(self, act: str) -> Mapping[str, Any]:
        """Return the record of an act that is in force, {} where it is not done."""
        found = (row.data for row in self.rows(tables.Record) if (row.act, row.status) == (act, "done"))
        return json.loads(next(found, "{}"))

    def has_come_to(self, state: str) -> bool:
        """Tell whether the cycle has come to a state on its way; a cancelled year has not."""
        at = self.cycle.state
        return at in _ON_THE_WAY and _ON_THE_WAY.index(at) >= _ON_THE_WAY.index(state)

    def serials(self, *states: str, origin: str = "") -> list[int]:
        """Return the serials in these states."""
        return [piece.serial for piece in self.pieces if piece.state in states and origin in {"", piece.origin}]


Found = Iterator[str]


def state_is_what_the_ledger_tells(view: View) -> Found:
    """Law 2: the state is where the entries of the ledger lead, each from a state that its row names."""
    yield from (f"No. {act.seq} {act.trigger} at {act.state}" for act in view.replayed.strange if not act.on_hold)
    yield from view.differing("cycle")


def every_act_has_one_entry_and_one_record(view: View) -> Found:
    """Law 2: each act is one record and one entry of the ledger, its own; a refusal names what was missing."""
    yield from view.differing("record")
    refusals = (entry for entry in view.entries if entry["event"] == "act_refused")
    yield from (f"No. {entry['seq']} refused for nothing" for entry in refusals if not entry["data"]["unmet"])


def form_carries_what_its_row_says(view: View) -> Found:
    """Law 2: what was entered together stands on one form as the table says, each act by an entry of its own."""
    forms = dict[int, list[int]]()
    for entry in view.entries:
        if first := entry["data"].get("entered_with"):
            forms.setdefault(first, [first]).append(entry["seq"])
    acts = {entry["seq"]: BY_EVENT.get(entry["event"].removesuffix("_proposed")) for entry in view.entries}
    for first, form in forms.items():
        rows = [acts.get(seq) for seq in form]
        try:
            form_of([row.trigger if row else "" for row in rows])
        except TsudoiError:
            yield f"No. {first}"


def rules_are_those_of_the_table(view: View) -> Found:
    """Law 3: the rules by which the database checks are those of states/table.py."""
    rule = tables.Rule
    query = select(col(rule.machine), col(rule.from_state), col(rule.trigger), col(rule.to_state))
    with reading(view.office.engine) as connection:
        stored = {tuple(row) for row in connection.execute(query)}
    yield from (" ".join(pair) for pair in sorted(stored ^ all_rules()))


def nobody_can_be_read_outside_the_vault(view: View) -> Found:
    """Law 4: what was written since the last look holds no resident: database, Prefect, log, mail, paper."""
    changed: list[Path] = []
    for path in _files(view.office):
        stamp = path.stat()
        if view.seen.files.get(path) != (stamp.st_size, stamp.st_mtime_ns):
            view.seen.files[path] = (stamp.st_size, stamp.st_mtime_ns)
            changed.append(path)
    if changed and view.finder:
        yield from scan(changed, view.finder).places
        if view.office.engine.dialect.name == "sqlite":  # so that the next look reads only what is written after it
            with view.office.engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def ledger_only_grows_and_verifies(view: View) -> Found:
    """Law 5: the entries of the last look are still there as they were, and tree and checkpoints agree."""
    seen = view.seen
    with reading(view.office.engine) as connection:
        size = ledger.size(connection)
        if size < seen.entries or (seen.entries and ledger.root(connection, seen.entries) != seen.root):
            yield f"No. 1-{seen.entries}"
        seen.entries, seen.root = size, ledger.root(connection, size)
    try:
        auditing.verify_ledger(view.office)
    except Damaged as damage:
        yield damage.message


def every_decision_on_a_row_is_somebodys(view: View) -> Found:
    """Law 6: no held row is decided without a person and an entry of the ledger."""
    yield from view.differing("heldrow")


def counts_are_conserved(view: View) -> Found:
    """Law 7: raw hits, exported, received, printed, enclosed, posted and pulled add up, stage by stage, by serial."""
    taken, receipt = view.latest("take_extract"), view.latest("report_receipt")
    if taken and taken["raw_hits"] != taken["exported"] + sum(taken["excluded"].values()) + taken["held"]:
        yield "raw hits"
    added = view.latest("take_additions").get("serials", "")
    exported = set(expand(taken["serials"])) if taken and view.has_come_to("extracted") else set[int]()
    if {piece.serial for piece in view.pieces} != exported | set(expand(added)):
        yield "serials"
    sealed = taken.get("exported", 0) - count(view.latest("seal_package").get("held_back") or "")
    if view.has_come_to("transferred") and receipt.get("received") != sealed:
        yield "received"
    if view.has_come_to("printed") and view.serials("exported", origin="extract"):
        yield "printed"
    if view.has_come_to("enclosed") and view.serials("printed", origin="extract"):
        yield "enclosed"
    if view.has_come_to("posted") and len(view.serials("posted", "pulled")) != len(view.pieces):
        yield "posted"
    if view.has_come_to("posted") and len(view.serials("posted")) != view.latest("post").get("accepted"):
        yield "accepted"


def what_went_out_came_back(view: View) -> Found:
    """Law 7: after the return no thing is elsewhere, after the erasure no copy."""
    for item in view.rows(tables.Item):
        elsewhere, is_copy = item.state in {"with_contractor", "with_subcontractor"}, item.kind == "electronic_copy"
        if elsewhere and view.has_come_to("erased" if is_copy else "media_returned"):
            yield item.number


def nothing_is_kept_unlisted(view: View) -> Found:
    """Law 7: after the close nobody holds anything with residents' data, but what it lists and mail that came later."""
    if not view.has_come_to("closed"):
        return
    listed = {kept["item"] for kept in view.latest("close").get("kept", ())}
    held = {item.number: item.kind for item in view.rows(tables.Item) if item.state.startswith("with_")}
    yield from (number for number, kind in held.items() if number not in listed and kind != "returned_letters")
    closed_at = next(entry["seq"] for entry in view.entries if entry["event"] == BY_TRIGGER["close"].event)
    since = {
        entry["data"]["record"].get("stack", "")
        for entry in view.entries
        if entry["event"] == BY_TRIGGER["record_returned_mail"].event and entry["seq"] > closed_at
    }
    yield from (number for number, kind in held.items() if kind == "returned_letters" and number not in listed | since)


def materials_are_conserved(view: View) -> Found:
    """Law 7: of envelopes and inserts as many are left as were delivered and not used, or the deviation says so."""
    told = any("materials_are_conserved" in entry["data"].get("broken", ()) for entry in view.entries)
    found = view.office.see(view.cycle_id, lambda here: conservation.materials(here.facts))
    yield from (material.said for material in found if material.difference and not told)


def key_and_vault_are_gone(view: View) -> Found:
    """Law 7: once the ward's own data are erased there is neither key nor file of the vault."""
    if not view.latest("erase_ward_data"):
        return
    settings = view.office.settings
    for place in filter(None, (settings.key_folder / "vault", settings.key_backup, view.office.home / "vault")):
        yield from (path.name for path in place.rglob("*") if path.is_file() and view.cycle_id in str(path))


def every_deviation_is_an_incident(view: View) -> Found:
    """Law 8: what broke a rule and happened all the same has opened an incident, and an open one holds the cycle."""
    yield from view.differing("incident")
    if any(incident.state == "open" for incident in view.rows(tables.Incident)) and not view.cycle.on_hold:
        yield "an open incident does not hold"


def every_movement_tells_everything(view: View) -> Found:
    """W-OP-09: each movement in the control ledger has every column, or is followed by the deviation that says so."""
    deviated = {entry["seq"] - 1 for entry in view.entries if entry["event"] == "deviation_recorded"}
    with reading(view.office.engine) as connection:
        lines = lines_of(connection, view.cycle_id)
    for line in lines:
        if (missing := lacking(line)) and line["number"] not in deviated:
            yield f"No. {line['number']} {' '.join(missing)}"


def held_cycle_does_nothing_but_rescue(view: View) -> Found:
    """States: on a held cycle nothing was done but what its row allows, and it is held where the ledger says so."""
    yield from (f"No. {act.seq} {act.trigger}" for act in view.replayed.strange if act.on_hold)
    yield from view.differing("cycle")


def four_eyes_are_two_people(view: View) -> Found:
    """People: what needs a second person was proposed by one and confirmed by another, each of the right role."""
    for entry in view.entries:
        row = BY_EVENT.get(entry["event"])
        if row and row.second and "broken" not in entry["data"]:  # a deviation that the door itself found is no act
            first, second = (
                view.people.get(person_id) for person_id in (entry["data"].get("proposed_by", ""), entry["by"])
            )
            right = first and second and first.roles & set(row.who) and second.roles & set(row.second)
            if not right or first is second:
                yield f"No. {entry['seq']} {row.trigger}"


def every_actor_is_on_the_register(view: View) -> Found:
    """People: whoever did an act is on the register; who was refused as a stranger stands there without a name."""
    nobody = {"system", "unregistered"}
    yield from (f"No. {entry['seq']}" for entry in view.entries if entry["by"] not in nobody | view.people.keys())


def what_is_overdue_is_flagged(view: View) -> Found:
    """Deadlines: after the morning's watch every act that is past its day shows it, also on a held cycle."""
    if not view.after_the_watch or view.cycle.state == "closed":
        return
    today = view.office.clock.now().date()
    for act in view.rows(tables.Act):
        if act.done_on is None and act.due_on < today and act.flag not in {"overdue", "escalated"}:
            yield act.act


def no_commitment_slides(view: View) -> Found:
    """Law 11: the first dates are those of the opening, and an act beyond a day that no lateness moves is told."""
    opened = view.entries[0]["data"]
    acts = {act.act: act for act in view.rows(tables.Act) if act.flag != "dropped"}
    yield from (act for act, day in opened["plan"].items() if act in acts and str(acts[act].planned_on) != day)
    programme, told = view.office.see(
        view.cycle_id, lambda here: (here.programme, {it.key for it in commitments.passed(here)})
    )
    for key, day in opened.get("commitments", {}).items():
        bound = (acts[act] for act in programme.commitments[key].bounds if act in acts)
        if key not in told:
            yield from (f"{key}: {act.act}" for act in bound if str(act.done_on or act.due_on) > day)


def outbox_tells_what_the_ledger_tells(view: View) -> Found:
    """Deadlines: each letter that went is one entry of the ledger; after the watch none is half sent."""
    reminders = view.rows(tables.Reminder)
    sent = sum(reminder.state == "sent" for reminder in reminders)
    recorded = sum(entry["event"] == "reminder_sent" for entry in view.entries)
    if sent != recorded:
        yield f"{sent} ≠ {recorded}"
    if view.after_the_watch:
        yield from (f"reminder {reminder.id}" for reminder in reminders if reminder.state == "claimed")


def tables_are_what_the_ledger_tells(view: View) -> Found:
    """Law 5: what else an entry tells the tables hold: pieces, items, claims, days, people, letters, checkpoints."""
    yield from view.differing(*TITLES.keys() - {"cycle", "record", "heldrow", "incident"})


LAWS: tuple[Callable[[View], Found], ...] = (
    state_is_what_the_ledger_tells,
    every_act_has_one_entry_and_one_record,
    form_carries_what_its_row_says,
    rules_are_those_of_the_table,
    nobody_can_be_read_outside_the_vault,
    ledger_only_grows_and_verifies,
    every_decision_on_a_row_is_somebodys,
    counts_are_conserved,
    what_went_out_came_back,
    nothing_is_kept_unlisted,
    materials_are_conserved,
    key_and_vault_are_gone,
    every_deviation_is_an_incident,
    every_movement_tells_everything,
    held_cycle_does_nothing_but_rescue,
    four_eyes_are_two_people,
    every_actor_is_on_the_register,
    what_is_overdue_is_flagged,
    no_commitment_slides,
    outbox_tells_what_the_ledger_tells,
    tables_are_what_the_ledger_tells,
)


# What a mere morning can break, even where nothing was entered in the ledger since the last look.
OF_THE_MORNING = (what_is_overdue_is_flagged, outbox_tells_what_the_ledger_tells)
# What costs so little that a rehearsal without faults looks at it too.
ALWAYS = (every_movement_tells_everything,)


def broken(view: View) -> dict[str, str]:
    """Return the laws that do not hold, each with where it was seen: numbers, serials and acts, never a resident."""
    with reading(view.office.engine) as connection:
        quiet = view.after_the_watch and ledger.size(connection) == view.seen.entries
    chosen = ALWAYS if view.finder is None else OF_THE_MORNING if quiet else LAWS
    found = {law.__name__: "; ".join(law(view)) for law in chosen}
    return {name: where for name, where in found.items() if where}


def _files(office: Office) -> Iterator[Path]:
    """Walk over every file that a resident could have slipped into; key and vault are where he belongs."""
    secret = {office.home / "vault", office.settings.key_folder}
    for root in (office.home, office.papers):
        for path in root.rglob("*"):
            if path.is_file() and not path.is_symlink() and not secret & set(path.parents):
                yield path
