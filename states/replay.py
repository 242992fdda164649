"""The ledger replayed: what the tables must hold, worked out from the entries alone, and where they say otherwise.

Every act is done once more over a memory of its own: its effects are asked of the same pure functions as the door asks
(decision 0023), from facts that hold nothing of the tables but the programme's text, whose hash an entry tells. What no
entry tells is not compared: keys of repetition, letters that wait, addresses entered while
the register was set up, flags. Pieces are ranges of serials.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection, select, text
from sqlmodel import SQLModel, col

from models import tables
from models.clock import day_of, stamp
from models.programme import Programme
from models.records.people import REACHED_BY, PersonEntered
from models.serials import canonical, common, expand, minus, union
from models.serials import count as counted
from models.words import N_, _, in_words
from states import effects as eff
from states import ledger
from states.engine import starts
from states.events import BY_EVENT, event_words
from states.facts import Deputised, Done, Facts, ItemFact, Told
from states.machines import INCIDENT, ITEM, PIECE
from states.reading import aware, programme_of
from states.rows import INITIAL, Row
from states.rules.approvals import decisions_are_owed
from states.schedule import scheduled
from states.table import BY_TRIGGER

# The dated acts of the versions whose entries do not tell the plan of a year. None is added: later entries tell theirs.
_PLANNED_UNTOLD = {
    "conclude_contract", "register_handlers", "declare_cloud_use", "submit_work_plan", "confirm_contacts",
    "confirm_readiness", "deliver_manuscript", "submit_text_proof", "approve_text", "take_extract", "extract",
    "recheck_before_sealing", "seal_package", "hand_over_medium", "hand_over_password", "report_receipt",
    "hand_over", "submit_imprint_sample", "approve_proof", "take_additions", "report_printing", "complete_printing",
    "recheck_before_enclosing", "issue_pull_list", "acknowledge_pull_list", "inspect_contractor",
    "report_enclosing", "complete_enclosing", "issue_final_pull_list", "acknowledge_final_pull_list",
    "inspect_delivery", "enclose_additions", "approve_posting", "recheck_before_posting", "post", "report_posting",
    "return_items", "return_media", "report_erasure", "confirm_erasure", "report_completion", "accept_work",
    "end_returned_mail", "erase_ward_data", "destroy_items", "close",
}  # fmt: skip
# What became a hand-over, with a checkpoint of its own, only when its record came to tell the hands.
_HANDED_OVER_SINCE = {
    "submit_imprint_sample": "giver", "inspect_delivery": "giver", "record_returned_mail": "receiver",
    "destroy_items": "slip",
}  # fmt: skip
Entry = Mapping[str, Any]
_TOLD_OF_A_PERSON = ("name", "side", "roles", "valid_from", "valid_to")
Key = tuple[object, ...]

TITLES = {
    "cycle": N_("cycle"), "record": N_("record"), "act": N_("deadline"), "item": N_("custody item"),
    "piece": N_("mail pieces"), "heldrow": N_("held row"), "claim": N_("claimed measure"), "incident": N_("incident"),
    "reminder": N_("reminder"), "staff": N_("person"), "checkpoint": N_("checkpoint"), "ledger": N_("ledger"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A row that is not what the ledger tells: of which table, which row, what of it, and since which entry."""

    table: str
    cycle: str
    key: str
    what: tuple[str, ...] = ()
    seq: int = 0
    event: str = ""
    how: Literal["differs", "gone", "strange", "unreadable"] = "differs"

    def __str__(self) -> str:
        """Say it in one line: never a value."""
        words = {"row": " ".join(filter(None, (_(TITLES[self.table]), self.cycle, self.key)))}
        if self.how == "strange":
            return _("{row}: no entry of the ledger tells of it.").format(**words)
        ja, en = event_words(self.event)
        words |= {"seq": str(self.seq), "act": in_words(ja=ja, en=en)}
        if self.how == "gone":
            return _("{row}: what entry {seq} ({act}) made is gone.").format(**words)
        if self.how == "unreadable":
            return _("Entry {seq} ({act}) tells of no act that could have been done.").format(**words)
        return _("{row}: {columns} differs from what entry {seq} ({act}) left.").format(
            **words, columns=", ".join(self.what)
        )


@dataclass
class _Expected:
    """What a row must hold as far as the entries tell, and the entry that told it last."""

    values: dict[str, object] = field(default_factory=dict[str, object])
    seq: int = 0
    event: str = ""

    def take(self, entry: Entry, values: Mapping[str, object]) -> None:
        self.values |= values
        self.seq, self.event = entry["seq"], entry["event"]


@dataclass
class PiecesTold:
    """The mail pieces of a cycle as ranges of serials, by origin and state."""

    spans: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    since: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict[tuple[str, str], tuple[int, str]])

    def put(self, where: tuple[str, str], named: str, entry: Entry) -> None:
        """Add serials to those of an origin and state."""
        if named:
            self.spans[where] = union(self.spans.get(where, ""), named)
            self.since[where] = (entry["seq"], entry["event"])

    def move(self, effect: eff.MovePieces, entry: Entry) -> None:
        """Let serials go on to a state."""
        for origin, state in [*self.spans]:
            if state in effect.froms and effect.origin in {"", origin}:
                here = self.spans[origin, state]
                going = here if effect.serials is None else common(here, effect.serials)
                self.spans[origin, state] = minus(here, going)
                self.put((origin, effect.to), going, entry)

    def count(self, *states: str, origin: str = "") -> int:
        """Return how many pieces are in these states (all states when none is named)."""
        return counted(self.named(*states, origin=origin))

    def by_state(self) -> dict[str, int]:
        """Return how many pieces are in each state of the machine."""
        return {state: self.count(state) for state in PIECE.states}

    def named(self, *states: str, origin: str = "") -> str:
        """Return the serials in these states as ranges."""
        return union(*(
            named
            for (its_origin, state), named in self.spans.items()
            if (not states or state in states) and origin in {"", its_origin}
        ))  # fmt: skip

    def serials(self, *states: str, origin: str = "") -> frozenset[int]:
        """Return every serial in these states."""
        return frozenset(expand(self.named(*states, origin=origin)))

    def within(self, serials: str, *states: str) -> int:
        """Return how many of the named serials are in these states (all states when none is named)."""
        return counted(common(self.named(*states), serials))


@dataclass
class Cycle:
    """One cycle as far as it is replayed. `rows` holds what each table must hold of it, by key."""

    id: str
    programme: Programme | None
    state: str = INITIAL
    on_hold: bool = False
    fiscal_year: int = 0
    rows: dict[str, dict[Key, _Expected]] = field(default_factory=dict[str, dict[Key, _Expected]])
    pieces: PiecesTold = field(default_factory=PiecesTold)
    done: dict[str, Done] = field(default_factory=dict[str, Done])
    records: dict[str, list[Told]] = field(default_factory=dict[str, list[Told]])
    decided: list[Deputised] = field(default_factory=list[Deputised])

    def of(self, *acts: str) -> tuple[Told, ...]:
        """Return the records of these acts, the oldest first."""
        return tuple(
            sorted((record for act in acts for record in self.records.get(act, ())), key=lambda record: record.seq)
        )

    def has_entry(self, seq: int) -> bool:
        """Tell whether the ledger's entry of this number told of the cycle's acts; no effect asks for more."""
        return (seq,) in self.table("record")

    def has_text(self, seq: int, place: str) -> bool:  # noqa: ARG002 - no effect asks for it
        """Tell nothing of texts: what is told here has them put back already, and those redacted so."""
        return False

    def deputised(self) -> tuple[Deputised, ...]:
        """Return what deputies decided, the oldest first."""
        return tuple(self.decided)

    def table(self, name: str) -> dict[Key, _Expected]:
        """Return the rows of a table by key."""
        return self.rows.setdefault(name, {})

    def change(self, name: str, key: Key, entry: Entry, **values: object) -> None:
        """Let an entry change a row, or make it."""
        self.table(name).setdefault(key, _Expected()).take(entry, values)


@dataclass(frozen=True, kw_only=True)
class Strange:
    """An act that its row does not allow where it stands: a law of the rehearsal, for rows may change with versions."""

    seq: int
    trigger: str
    state: str
    on_hold: bool


class Replay:
    """What the entries tell, taken one after another."""

    def __init__(self, programmes: Mapping[str, str], incidents: Mapping[int, int]) -> None:
        """Take the programme's text of each cycle, and by which entry each numbered incident was opened."""
        self.cycles: dict[str, Cycle] = {}
        self.rows: dict[str, dict[Key, _Expected]] = {"staff": {}, "checkpoint": {}}
        self.strange: list[Strange] = []
        self.unreadable: list[Difference] = []
        self._programmes, self._incidents = programmes, incidents

    def take(self, entry: Entry) -> None:
        """Take the next entry; one that no door could have written is remembered as a difference."""
        try:
            self._take(entry)
        except (ValueError, KeyError, TypeError):  # also of pydantic: its words may quote what they refuse
            unreadable = partial(Difference, table="ledger", key="", how="unreadable")
            self.unreadable.append(unreadable(cycle=entry["cycle"] or "", seq=entry["seq"], event=entry["event"]))

    def _take(self, entry: Entry) -> None:
        event, cycle = str(entry["event"]), self.cycles.get(entry["cycle"] or "")
        row = BY_EVENT.get(event.removesuffix("_proposed"))
        if event == "cycle_opened":
            self._open(entry)
        elif event in {"person_registered", "person_changed"}:
            said = entry["data"]
            entered = PersonEntered.model_validate(
                {"person": said["id"], **{name: said[name] for name in _TOLD_OF_A_PERSON}}
            )
            self._enter(entered.person, entry, _entry_of(entered))
            for name in REACHED_BY:  # such an entry does not tell it
                del self.rows["staff"][entered.person,].values[name]
        elif event == "passphrase_changed" or (event == "key_given" and cycle is None):
            given = entry["data"]["record"]
            self._enter(given["person"], entry, {"public_key": given["public_key"]})
        elif cycle and event in {"reminder_sent", "reminder_lost"}:
            _remind(cycle, entry)
        elif cycle and row and "broken" in entry["data"]:
            self._deviate(cycle, entry)
        elif cycle and row and "record" in entry["data"]:
            self._watch(cycle, row, entry)
            (_propose if event.endswith("_proposed") else self._do)(cycle, row, entry)

    def _open(self, entry: Entry) -> None:
        data, name = entry["data"], entry["cycle"]
        text_of = self._programmes.get(name)
        programme = programme_of(text_of) if text_of is not None else None
        cycle = Cycle(id=name, programme=programme, fiscal_year=data["fiscal_year"], on_hold=bool(data.get("differs")))
        self.cycles[name] = cycle
        cycle.change(
            "cycle", (name,), entry, state=cycle.state, on_hold=cycle.on_hold, programme=data["programme"],
            fiscal_year=cycle.fiscal_year, programme_sha256=data["programme_sha256"],
            programme_text=data["programme_sha256"], differs=" ".join(data.get("differs", ())),
        )  # fmt: skip
        # An entry of an older version does not tell the plan: then the days are not compared, the acts are.
        dated = {act.act for act in scheduled(programme)} if programme else set[str]()
        plan = data.get("plan") or dict.fromkeys(sorted(dated & _PLANNED_UNTOLD))
        for act, day in plan.items():
            values = {} if day is None else {"planned_on": date.fromisoformat(day)}
            cycle.change("act", (act,), entry, done_on=None, done_seq=None, moved_to=None, moved_reason="", **values)

    def _enter(self, person: str, entry: Entry, values: Mapping[str, object]) -> None:
        """Let an entry put a person on the register, or change what stands there."""
        self.rows["staff"].setdefault((person,), _Expected(values={"public_key": ""})).take(entry, values)

    def _watch(self, cycle: Cycle, row: Row, entry: Entry) -> None:
        data = entry["data"]
        happened = data.get("entered_afterwards") or data["record"].get("already_happened")
        in_order = cycle.state in row.froms or entry["event"].endswith("_proposed")
        if not happened and not (in_order and (row.under_hold or not cycle.on_hold)):
            self.strange.append(
                Strange(seq=entry["seq"], trigger=row.trigger, state=cycle.state, on_hold=cycle.on_hold)
            )

    def _do(self, cycle: Cycle, row: Row, entry: Entry) -> None:
        facts = self._facts(cycle, entry)
        _keep_record(cycle, row, entry)
        if row.to and (cycle.state in row.froms or not row.is_movement):  # a fact leaves another state as it is
            cycle.state = row.to
            cycle.change("cycle", (cycle.id,), entry, state=row.to)
        if (row.trigger,) in cycle.table("act"):
            on = day_of(datetime.fromisoformat(entry["data"]["occurred_at"]))
            cycle.change("act", (row.trigger,), entry, done_on=on, done_seq=entry["seq"])
        since = _HANDED_OVER_SINCE.get(row.trigger)
        if row.handover and (since is None or since in entry["data"]["record"]):
            self.rows["checkpoint"][entry["seq"],] = _Expected(seq=entry["seq"], event=entry["event"])
        if facts:
            record = row.record.model_validate(entry["data"]["record"])
            self._apply(cycle, facts, row.then(facts, record), entry)
            if decided := Deputised.told(row.trigger, entry):
                cycle.decided.append(decided)
                self._apply(cycle, facts, decisions_are_owed(facts), entry)

    def _deviate(self, cycle: Cycle, entry: Entry) -> None:
        facts, row = self._facts(cycle, entry), BY_TRIGGER[entry["data"]["act"]]
        signed = self.rows["checkpoint"].pop((entry["seq"] - 1,), None)
        if signed:  # what was handed over is signed with what was broken
            self.rows["checkpoint"][entry["seq"],] = signed
        if facts:
            self._apply(cycle, facts, eff.deviation(row.deviations, entry["data"]["broken"], facts.today), entry)

    def _apply(self, cycle: Cycle, facts: Facts, effects: Sequence[eff.Effect], entry: Entry) -> None:
        for effect in effects:
            self._carry_out(cycle, facts, effect, entry)

    def _carry_out(self, cycle: Cycle, facts: Facts, effect: eff.Effect, entry: Entry) -> None:  # noqa: C901, PLR0912 - the closed list, a case each
        """Change what is remembered: the same as states/apply.py does to the tables."""
        acts, undone = cycle.table("act"), {"done_on": None, "done_seq": None}
        match effect:
            case eff.AddPieces(serials, origin):
                cycle.pieces.put((origin, PIECE.initial[0]), canonical(serials), entry)
            case eff.MovePieces():
                cycle.pieces.move(effect, entry)
            case eff.MakeItem(number, kind, state, content):
                cycle.change("item", (number,), entry, kind=kind, state=state, content=content)
            case eff.MoveItem(number, to):
                item = cycle.table("item").get((number,))
                if item and item.values["state"] in starts(ITEM, to):
                    cycle.change("item", (number,), entry, state=to)
            case eff.HoldRows():
                _hold_rows(cycle, effect, entry)
            case eff.DecideRow(decision):
                if (decision.row,) in cycle.table("heldrow"):
                    said = decision.model_dump(include={"how", "reason", "substitute"})
                    cycle.change("heldrow", (decision.row,), entry, **said, decided_by=entry["by"])
            case eff.SetHold(on):
                cycle.on_hold = on
                cycle.change("cycle", (cycle.id,), entry, on_hold=on)
            case eff.OpenIncident():
                cycle.change("incident", (entry["seq"],), entry, state=INCIDENT.initial[0], **effect._asdict())
            case eff.SettleIncident(incident):
                seq = self._incidents.get(incident, 0)
                if (seq,) in cycle.table("incident"):
                    cycle.change("incident", (seq,), entry, state="settled")
            case eff.ClaimMeasures(claim, received_on):
                values = {"received_on": received_on, "by": entry["by"], "ledger_seq": entry["seq"]}
                for measure in claim.measures:
                    cycle.change("claim", (measure,), entry, **claim.kept, **values)
            case eff.RedactText():
                pass  # the ledger tells the entry that was redacted without its text
            case eff.MoveDeadline(act, to, reason):
                cycle.change("act", (act,), entry, moved_to=to, moved_reason=reason)
            case eff.OweAct(act, due_on):
                cycle.change("act", (act,), entry, planned_on=due_on, **undone, moved_to=None, moved_reason="")
            case eff.OweAgain(act):
                if facts.state in BY_TRIGGER[act].froms and (act,) in acts:
                    cycle.change("act", (act,), entry, **undone)
            case eff.DropActs(keep):
                for (act,), row in acts.items():
                    if row.values["done_on"] is None and act not in keep:
                        cycle.change("act", (act,), entry, done_on=facts.today, done_seq=entry["seq"])
            case eff.EnterPeople(people):
                for person in people:
                    self._enter(person.person, entry, _entry_of(person))
            case eff.GiveKey(person, public_key):
                self._enter(person, entry, {"public_key": public_key})

    def _facts(self, cycle: Cycle, entry: Entry) -> Facts | None:
        """Return what the door knew when it did the act, as far as an effect may ask; None without the programme."""
        if cycle.programme is None:
            return None
        items = (
            ItemFact(number=str(number), kind=str(row.values["kind"]), state=str(row.values["state"]))
            for (number,), row in sorted(cycle.table("item").items())
        )
        return Facts(
            cycle_id=cycle.id, fiscal_year=cycle.fiscal_year, state=cycle.state, on_hold=cycle.on_hold,
            now=datetime.fromisoformat(entry["at"]), programme=cycle.programme, people={},
            done=dict(cycle.done), due={}, items=tuple(items), undecided=0, newly_protected="", to_pull="",
            incidents=frozenset(), claimed={}, pieces=cycle.pieces, history=cycle, reminded=lambda _number: "",
        )  # fmt: skip


def _entry_of(entered: PersonEntered) -> dict[str, object]:
    values: dict[str, object] = entered.model_dump(exclude={"person", "roles", "side"})
    return {**values, "side": entered.side.value, "roles": sorted(entered.roles)}


def _propose(cycle: Cycle, row: Row, entry: Entry) -> None:
    """Let a newer proposal about the same matter take the place of an older."""
    matter = row.record.model_validate(entry["data"]["record"]).matter
    for record in _waiting(cycle, row).values():
        if row.record.model_validate(record.values["data"]).matter == matter:
            record.values["status"] = "dropped"
    cycle.change("record", (entry["seq"],), entry, **_record(row, entry, status="pending"))


def _keep_record(cycle: Cycle, row: Row, entry: Entry) -> None:
    data, seq = entry["data"], entry["seq"]
    for record in cycle.table("record").values():
        if (record.values["act"], record.values["status"]) == (row.trigger, "done"):
            record.values["status"] = "superseded"
    values = _record(row, entry, status="done")
    if "proposed_by" in data and (waiting := _waiting(cycle, row)):
        proposal = (data["proposal"],) if "proposal" in data else max(waiting)
        values["via"] = cycle.table("record").pop(proposal).values["via"]
    cycle.change("record", (seq,), entry, **values)
    at, stored = datetime.fromisoformat(data["occurred_at"]), json.dumps(data["record"], ensure_ascii=False)
    cycle.done[row.trigger] = Done(
        occurred_at=at, by=str(values["by"]), data=stored, confirmed_by=str(values["confirmed_by"]), seq=seq
    )
    told = Told(act=row.trigger, seq=seq, by=str(values["by"]), occurred_at=at, data=stored)
    cycle.records.setdefault(row.trigger, []).append(told)


def _record(row: Row, entry: Entry, *, status: str) -> dict[str, object]:
    data = entry["data"]
    first = data.get("proposed_by")
    return {
        "act": row.trigger, "status": status, "by": first or entry["by"], "via": entry["via"],
        "occurred_at": data["occurred_at"], "data": data["record"], "confirmed_by": entry["by"] if first else "",
    }  # fmt: skip


def _waiting(cycle: Cycle, row: Row) -> dict[Key, _Expected]:
    mine = (row.trigger, "pending")
    return {
        key: record
        for key, record in cycle.table("record").items()
        if (record.values["act"], record.values["status"]) == mine
    }


def _remind(cycle: Cycle, entry: Entry) -> None:
    data, state = entry["data"], "sent" if entry["event"] == "reminder_sent" else "unknown"
    values = {"state": state, "act": data["act"], "rung": data["rung"], "due_on": date.fromisoformat(data["due_on"]),
              "to_person": data["to"], "channel": data.get("channel", "mail")}  # fmt: skip
    cycle.change("reminder", (data["number"],), entry, **values)


def _hold_rows(cycle: Cycle, effect: eff.HoldRows, entry: Entry) -> None:
    held = cycle.table("heldrow")
    for key in [key for key, row in held.items() if not effect.same_extract or row.values["how"] == ""]:
        del held[key]
    undecided = {"how": "", "reason": "", "substitute": "", "decided_by": ""}
    for row in effect.rows:
        if (row.row,) not in held:
            cycle.change("heldrow", (row.row,), entry, column=row.column, code=row.code, **undecided)


# The tables


# By which column the rows of a table are compared.
_COMPARED: dict[str, tuple[type[SQLModel], str]] = {
    "cycle": (tables.Cycle, "id"), "record": (tables.Record, "ledger_seq"), "act": (tables.Act, "act"),
    "item": (tables.Item, "number"), "heldrow": (tables.HeldRow, "row"), "incident": (tables.Incident, "ledger_seq"),
    "claim": (tables.Claim, "measure"), "reminder": (tables.Reminder, "id"),
}  # fmt: skip
_ISLANDS = text("""
SELECT origin, state, MIN(serial), MAX(serial) FROM (
  SELECT origin, state, serial, serial - ROW_NUMBER() OVER (PARTITION BY origin, state ORDER BY serial) AS run
  FROM piece WHERE cycle_id = :cycle_id) AS runs
GROUP BY origin, state, run ORDER BY 3
""")


def replayed(connection: Connection) -> Replay:
    """Return the whole ledger replayed."""
    cycle, incident = tables.Cycle, tables.Incident
    programmes = connection.execute(select(col(cycle.id), col(cycle.programme_text))).all()
    incidents = connection.execute(select(col(incident.id), col(incident.ledger_seq))).all()
    replay = Replay(dict(programmes), {number: seq for number, seq in incidents if number is not None})
    for entry in ledger.told(connection):
        replay.take(entry)
    return replay


def differences(connection: Connection) -> Iterator[Difference]:
    """Replay the ledger and walk over every row of the tables that is not what it tells."""
    yield from compared(connection, replayed(connection))


def compared(connection: Connection, replay: Replay) -> Iterator[Difference]:
    """Compare what was replayed with the tables."""
    yield from replay.unreadable
    staff, checkpoint = tables.Staff, tables.Checkpoint
    found = {(row.id,): _stored(row) for row in connection.execute(select(staff))}
    yield from _compare("staff", "", replay.rows["staff"], found)
    sizes: dict[Key, Mapping[str, object]] = {
        (size,): {} for size in connection.execute(select(col(checkpoint.size))).scalars()
    }
    expected = replay.rows["checkpoint"]
    # More checkpoints than the handovers gave are honest: an export signs too.
    yield from _compare("checkpoint", "", expected, {key: row for key, row in sizes.items() if key in expected})
    known = connection.execute(select(col(tables.Cycle.id))).scalars().all()
    yield from (
        Difference(table="cycle", cycle="", key=cycle_id, how="strange")
        for cycle_id in known
        if cycle_id not in replay.cycles
    )
    for cycle in replay.cycles.values():
        yield from _compare_cycle(connection, cycle)


def _compare_cycle(connection: Connection, cycle: Cycle) -> Iterator[Difference]:
    for name, (table, key) in _COMPARED.items():
        mine = getattr(table, "id" if name == "cycle" else "cycle_id") == cycle.id
        rows = [_stored(row) for row in connection.execute(select(table).where(mine))]
        if name == "reminder":  # no entry tells of the others
            rows = [row for row in rows if row["state"] in {"sent", "unknown"}]
        found: dict[Key, Mapping[str, object]] = {(row[key],): row for row in rows}
        if len(found) < len(rows):  # two rows of one entry
            yield Difference(table=name, cycle=cycle.id, key="×2", how="strange")
        yield from _compare(name, cycle.id, cycle.table(name), found)
    yield from _compare_pieces(connection, cycle)


def _compare(
    table: str, cycle: str, expected: Mapping[Key, _Expected], found: Mapping[Key, Mapping[str, object]]
) -> Iterator[Difference]:
    for key, row in expected.items():
        named = str(row.values["act"]) if table == "record" else " ".join(map(str, key))
        differs = partial(Difference, table=table, cycle=cycle, key=named, seq=row.seq, event=row.event)
        stored = found.get(key)
        if stored is None:
            yield differs(how="gone")
        elif wrong := tuple(column for column, value in row.values.items() if stored.get(column) != value):
            yield differs(what=wrong)
    for key in (key for key in found if key not in expected):
        named = str(found[key]["act"]) if table == "record" else " ".join(map(str, key))
        yield Difference(table=table, cycle=cycle, key=named, how="strange")


def _compare_pieces(connection: Connection, cycle: Cycle) -> Iterator[Difference]:
    runs: dict[tuple[str, str], list[str]] = {}
    for origin, state, first, last in connection.execute(_ISLANDS, {"cycle_id": cycle.id}):
        runs.setdefault((origin, state), []).append(f"{first}-{last}")
    found = {where: canonical(",".join(spans)) for where, spans in runs.items()}
    expected, everything = cycle.pieces.spans, union(*cycle.pieces.spans.values())
    for where in sorted(expected.keys() | found.keys()):
        if gone := minus(expected.get(where, ""), found.get(where, "")):
            seq, event = cycle.pieces.since[where]
            yield Difference(table="piece", cycle=cycle.id, key=gone, what=("state",), seq=seq, event=event)
        if strange := minus(found.get(where, ""), everything):
            yield Difference(table="piece", cycle=cycle.id, key=strange, how="strange")


def _stored(row: Any) -> dict[str, object]:
    """Return the columns of a row as the entries would say them."""
    return {column: _SAYS[column](value) if column in _SAYS else value for column, value in row._mapping.items()}  # noqa: SLF001 - a row of Core has no other name for it


_SAYS: dict[str, Callable[[Any], object]] = {
    "occurred_at": lambda at: stamp(aware(at)),
    "data": json.loads,
    "roles": json.loads,
    "on_hold": bool,
    "not_applicable": bool,
    "programme_text": lambda words: hashlib.sha256(words.encode()).hexdigest(),
}
