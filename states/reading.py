"""How the door loads the facts of a cycle: a handful of indexed reads in its own transaction."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache, lru_cache, partial
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Row, Select, bindparam, func, or_, select
from sqlmodel import col

from models import tables
from models.clock import TOKYO, day_of
from models.measures import Measure, MeasureClaim
from models.people import Person
from models.programme import Programme
from models.records.oversight import IncidentReported
from models.serials import compact, expand, ranges
from states.calendar import Calendar
from states.facts import LISTS, WITHDRAWAL, Case, Deputised, Done, Facts, ItemFact, Told
from states.machines import PIECE
from states.schedule import commitments

_SHOWN = 20  # serials named in a refusal; the rest is counted
_SPANS = 200  # terms of one condition: SQLite refuses an expression deeper than 1,000
_RECHECKS = (*LISTS, "take_additions")
_PROTECTED, _PULLS = ("newly_protected",), ("newly_protected", "moved", "died", "replaced")

# The door reads all of these at every act. Built once: building a statement costs as much as running it.
_CYCLE: ColumnElement[str] = bindparam("cycle_id")
_PEOPLE = select(tables.Staff)


def _statements(named: Callable[[str], ColumnElement[bool]]) -> dict[str, Select[*tuple[Any, ...]]]:
    """Return what is read of every cycle that is named, by what it is."""
    act, record, item, held, incident = tables.Act, tables.Record, tables.Item, tables.HeldRow, tables.Incident
    return {
        "due": select(col(act.cycle_id), col(act.act), col(act.due_on)).where(named(act.cycle_id)),
        "done": select(
            col(record.cycle_id), col(record.act), col(record.occurred_at), col(record.by), col(record.data),
            col(record.confirmed_by), col(record.ledger_seq),
        ).where(named(record.cycle_id), col(record.status) == "done"),
        "items": select(col(item.cycle_id), col(item.number), col(item.kind), col(item.state))
        .where(named(item.cycle_id))
        .order_by(col(item.number)),
        # A row that is to be corrected is corrected once another extract is taken, which replaces it.
        "undecided": select(col(held.cycle_id)).where(
            named(held.cycle_id), col(held.how).in_(("", "corrected"))
        ),
        "rechecked": select(col(record.cycle_id), col(record.data)).where(
            named(record.cycle_id), col(record.act).in_(_RECHECKS), col(record.status).in_(("done", "superseded"))
        ),
        "incidents": select(col(incident.cycle_id), col(incident.id)).where(
            named(incident.cycle_id), col(incident.state) == "open"
        ),
    }  # fmt: skip


_OF_ONE = _statements(lambda cycle_id: col(cycle_id) == _CYCLE)
_TOLD = (
    select(
        col(tables.Record.act),
        col(tables.Record.ledger_seq),
        col(tables.Record.by),
        col(tables.Record.occurred_at),
        col(tables.Record.data),
    )
    .where(
        col(tables.Record.cycle_id) == _CYCLE,
        col(tables.Record.act).in_(bindparam("acts", expanding=True)),
        col(tables.Record.status).in_(("done", "superseded")),
    )
    .order_by(col(tables.Record.ledger_seq))
)
# What is confirmed has the number of its confirmation; nobody's words look like the mark, for JSON escapes them.
_DEPUTISED = (
    select(col(tables.Record.act), col(tables.Ledger.entry))
    .join(tables.Ledger, col(tables.Ledger.seq) == col(tables.Record.ledger_seq))
    .where(
        col(tables.Record.cycle_id) == _CYCLE,
        col(tables.Record.status).in_(("done", "superseded")),
        col(tables.Ledger.entry).contains('"in_place_of":"', autoescape=True),
    )
    .order_by(col(tables.Record.ledger_seq))
)
# An incident and the report that opened it are one ledger entry; a deviation has no report.
_OPENED = (
    select(col(tables.Incident.id), col(tables.Record.data))
    .join(
        tables.Record,
        (col(tables.Record.ledger_seq) == col(tables.Incident.ledger_seq))
        & (col(tables.Record.act) == "report_incident"),
        isouter=True,
    )
    .where(col(tables.Incident.cycle_id) == _CYCLE)
    .order_by(col(tables.Incident.id))
)
_FOLLOWED = (
    select(col(tables.Record.act), col(tables.Record.data))
    .where(
        col(tables.Record.cycle_id) == _CYCLE,
        col(tables.Record.act).in_(
            (
                "assess_incident",
                "report_to_commission",
                "notify_persons",
                "publish_incident",
                "discuss_measures",
            )
        ),
        col(tables.Record.status).in_(("done", "superseded")),
    )
    .order_by(col(tables.Record.id))
)
_CLAIMS = select(tables.Claim).where(col(tables.Claim.cycle_id) == _CYCLE).order_by(col(tables.Claim.measure))
_TEXT = (
    select(col(tables.LedgerText.seq))
    .join(tables.Ledger, col(tables.Ledger.seq) == col(tables.LedgerText.seq))
    .where(
        or_(col(tables.Ledger.cycle_id) == _CYCLE, col(tables.Ledger.cycle_id).is_(None)),
        col(tables.LedgerText.seq) == bindparam("seq"),
        col(tables.LedgerText.place) == bindparam("place"),
        col(tables.LedgerText.text).is_not(None),
    )
)
_ENTRY = select(col(tables.Ledger.seq)).where(
    col(tables.Ledger.cycle_id) == _CYCLE, col(tables.Ledger.seq) == bindparam("seq")
)
_REMINDED = select(col(tables.Reminder.to_person)).where(
    col(tables.Reminder.cycle_id) == _CYCLE,
    col(tables.Reminder.id) == bindparam("number"),
    col(tables.Reminder.state).in_(("sent", "unknown")),
)

# The morning's sweep reads the same of a thousand cycles: one statement for some hundred of them.
_MANY = 500
_CYCLES: BindParameter[list[str]] = bindparam("cycles", expanding=True)
_ALL_CYCLES = select(tables.Cycle).where(col(tables.Cycle.id).in_(_CYCLES))
_OF_MANY = _statements(lambda cycle_id: col(cycle_id).in_(_CYCLES))
_ALL_CLAIMS = (
    select(
        col(tables.Claim.cycle_id),
        col(tables.Claim.ledger_seq),
        func.aggregate_strings(col(tables.Claim.measure), " ").label("measures"),
    )
    .where(
        col(tables.Claim.cycle_id).in_(_CYCLES),
        or_(col(tables.Claim.valid_until).is_(None), col(tables.Claim.valid_until) >= bindparam("today")),
    )
    .group_by(col(tables.Claim.cycle_id), col(tables.Claim.ledger_seq))
)


@dataclass(frozen=True, kw_only=True)
class PiecesOf:
    """The mail pieces of one cycle, asked through the connection of the transaction."""

    connection: Connection
    cycle_id: str

    def count(self, *states: str, origin: str = "") -> int:
        """Return how many pieces are in these states."""
        return self.connection.execute(select(func.count()).where(*self._where(states, origin))).scalar_one()

    def by_state(self) -> dict[str, int]:
        """Return how many pieces are in each state of the machine, 0 included."""
        piece = tables.Piece
        query = select(col(piece.state), func.count()).where(col(piece.cycle_id) == self.cycle_id)
        counted = dict(self.connection.execute(query.group_by(col(piece.state))).all())
        return {state: counted.get(state, 0) for state in PIECE.states}

    def named(self, *states: str, origin: str = "") -> str:
        """Return the serials in these states as ranges, the first few and the number of the rest."""
        serial = col(tables.Piece.serial)
        query = select(serial).where(*self._where(states, origin)).order_by(serial).limit(_SHOWN)
        shown = list(self.connection.execute(query).scalars())
        rest = self.count(*states, origin=origin) - len(shown) if len(shown) == _SHOWN else 0
        return compact(shown) + (f" … (+{rest})" if rest else "")

    def serials(self, *states: str, origin: str = "") -> frozenset[int]:
        """Return every serial in these states."""
        query = select(col(tables.Piece.serial)).where(*self._where(states, origin))
        return frozenset(self.connection.execute(query).scalars())

    def within(self, serials: str, *states: str) -> int:
        """Return how many of the named serials are in these states."""
        where = self._where(states, "")
        counts = (select(func.count()).where(*where, inside) for inside in spans_of(serials))
        return sum(self.connection.execute(query).scalar_one() for query in counts)

    def _where(self, states: tuple[str, ...], origin: str) -> list[ColumnElement[bool]]:
        piece = tables.Piece
        where = [col(piece.cycle_id) == self.cycle_id]
        if states:
            where.append(col(piece.state).in_(states))
        if origin:
            where.append(col(piece.origin) == origin)
        return where


@dataclass(frozen=True, kw_only=True)
class HistoryOf:
    """The records of one cycle, the superseded ones too, asked for within one transaction."""

    connection: Connection = field(compare=False)
    cycle_id: str

    def of(self, *acts: str) -> tuple[Told, ...]:
        """Return the records of these acts, the oldest first; a list that was withdrawn was never taken."""
        asked = {*acts, WITHDRAWAL} if {*acts} & {*LISTS} else {*acts}
        rows = self.connection.execute(_TOLD, {"cycle_id": self.cycle_id, "acts": tuple(asked)}).all()
        withdrawn = {_list_of(row.data): row.ledger_seq for row in rows if row.act == WITHDRAWAL}
        return tuple(
            Told(act=row.act, seq=row.ledger_seq, by=row.by, occurred_at=aware(row.occurred_at), data=row.data)
            for row in rows
            if row.act in acts
            and not (row.act in LISTS and withdrawn and row.ledger_seq < withdrawn.get(_list_of(row.data), 0))
        )

    def has_entry(self, seq: int) -> bool:
        """Tell whether the ledger's entry of this number is one of the cycle's."""
        return self.connection.execute(_ENTRY, {"cycle_id": self.cycle_id, "seq": seq}).scalar() is not None

    def has_text(self, seq: int, place: str) -> bool:
        """Tell whether a text stands there that was not redacted, in an entry of the cycle or of no cycle."""
        asked = {"cycle_id": self.cycle_id, "seq": seq, "place": place}
        return self.connection.execute(_TEXT, asked).scalar() is not None

    def deputised(self) -> tuple[Deputised, ...]:
        """Return what deputies decided, the oldest first."""
        rows = self.connection.execute(_DEPUTISED, {"cycle_id": self.cycle_id}).all()
        told = (Deputised.told(row.act, json.loads(row.entry)) for row in rows)
        return tuple(decided for decided in told if decided)


def _list_of(data: str) -> str:
    return json.loads(data).get("list_sha256", "")


def spans_of(serials: str) -> Iterator[ColumnElement[bool]]:
    """Return the conditions that together name these serials, each short enough for one statement."""
    spans = ranges(serials)
    for start in range(0, len(spans), _SPANS):
        yield or_(*(col(tables.Piece.serial).between(a, b) for a, b in spans[start : start + _SPANS]))


@cache
def programme_of(text: str) -> Programme:
    """Return the programme as the cycle stored it when it was opened."""
    return Programme.parse(text, name="cycle")


@lru_cache(maxsize=1000)  # the same days at every act of a year
def _commitments(text: str, fiscal_year: int, calendar: Calendar) -> Mapping[str, date]:
    return commitments(programme_of(text), fiscal_year, calendar)


def year_before(connection: Connection, programme: Programme, fiscal_year: int) -> Programme | None:
    """Return the programme as the last year before this one was opened with it."""
    cycle = tables.Cycle
    query = (
        select(col(cycle.programme_text))
        .where(col(cycle.programme) == programme.key, col(cycle.fiscal_year) < fiscal_year)
        .order_by(col(cycle.fiscal_year).desc())
        .limit(1)
    )
    text = connection.execute(query).scalar()
    return programme_of(text) if text else None


def load(
    connection: Connection, cycle: tables.Cycle, *, now: datetime, calendar: Calendar, measures: Mapping[str, Measure]
) -> Facts:
    """Read everything that guards may ask about a cycle."""
    mine = {"cycle_id": cycle.id}
    claimed = {row.measure: _claim(row) for row in connection.execute(_CLAIMS, mine)}
    facts = _Loading(connection=connection, now=now, calendar=calendar, people=people(connection))
    return facts.of(cycle, lambda name: connection.execute(_OF_ONE[name], mine).all(), measures, claimed)


def load_many(
    connection: Connection,
    cycle_ids: Sequence[str],
    *,
    now: datetime,
    calendar: Calendar,
    measures: Callable[[Programme], Mapping[str, Measure]],
) -> dict[str, Facts]:
    """Read the same of many cycles, by id, in a handful of statements.

    Of the claims only those that are valid today, and nothing of their evidence: a sweep asks no more.
    """
    facts = _Loading(connection=connection, now=now, calendar=calendar, people=people(connection))
    found: dict[str, Facts] = {}
    for start in range(0, len(cycle_ids), _MANY):
        some = {"cycles": list(cycle_ids[start : start + _MANY])}
        rows = {name: _by_cycle(connection.execute(query, some)) for name, query in _OF_MANY.items()}
        claimed: dict[str, dict[str, MeasureClaim]] = {}
        for row in connection.execute(_ALL_CLAIMS, {**some, "today": day_of(now)}):
            claim = MeasureClaim(ledger_seq=row.ledger_seq)
            claimed.setdefault(row.cycle_id, {}).update(dict.fromkeys(row.measures.split(), claim))
        for cycle in connection.execute(_ALL_CYCLES, some):
            its_rows = {name: by_cycle.get(cycle.id, []) for name, by_cycle in rows.items()}
            its_measures = measures(programme_of(cycle.programme_text))
            found[cycle.id] = facts.of(cycle, its_rows.__getitem__, its_measures, claimed.get(cycle.id, {}))
    return found


def _by_cycle(rows: Iterable[Row[Any]]) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.cycle_id, []).append(row)
    return found


@dataclass(frozen=True, kw_only=True)
class _Loading:
    """What the facts of every cycle of one moment share."""

    connection: Connection
    now: datetime
    calendar: Calendar
    people: Mapping[str, Person]

    def of(
        self,
        cycle: Any,
        rows: Callable[[str], Sequence[Row[Any]]],
        measures: Mapping[str, Measure],
        claimed: Mapping[str, MeasureClaim],
    ) -> Facts:
        history = HistoryOf(connection=self.connection, cycle_id=cycle.id)
        done, rechecks = {row.act: _done(row) for row in rows("done")}, list[str]()
        if WITHDRAWAL in done:
            done, rechecks = _in_force(done, history), [entry.data for entry in history.of(*_RECHECKS)]
        elif done.keys() & {*_RECHECKS}:
            rechecks = [row.data for row in rows("rechecked")]
        # What every re-check and change list said: each only what is new since the one before (domain.md 2).
        lists = [json.loads(data) for data in rechecks]
        incidents = frozenset(row.id for row in rows("incidents"))
        return Facts(
            cycle_id=cycle.id,
            fiscal_year=cycle.fiscal_year,
            state=cycle.state,
            on_hold=cycle.on_hold,
            now=self.now.astimezone(TOKYO),
            programme=programme_of(cycle.programme_text),
            people=self.people,
            done=done,
            due={row.act: row.due_on for row in rows("due")},
            items=tuple(ItemFact(number=row.number, kind=row.kind, state=row.state) for row in rows("items")),
            # None is there before the act that makes them, and every act of the year would ask.
            undecided=len(rows("undecided")) if "take_extract" in done else 0,
            newly_protected=_named(lists, _PROTECTED),
            to_pull=_named(lists, _PULLS),
            incidents=incidents,
            claimed=claimed,
            pieces=PiecesOf(connection=self.connection, cycle_id=cycle.id),
            history=history,
            reminded=partial(_reminded, self.connection, cycle.id),
            measures=measures,
            commitments=_commitments(cycle.programme_text, cycle.fiscal_year, self.calendar),
            differs=tuple(cycle.differs.split()),
            cases=_open_cases(self.connection, cycle.id, incidents),
            is_open=self.calendar.is_open,
        )


def people(connection: Connection) -> dict[str, Person]:
    """Return everybody on the register by id."""
    return {row.id: _person(row) for row in connection.execute(_PEOPLE)}


@lru_cache(maxsize=1000)  # the same few people are read at every act
def _person(row: Row[tables.Staff]) -> Person:
    return Person(
        id=row.id,
        name=row.name,
        side=row.side,
        roles=json.loads(row.roles),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        mail=row.mail,
        phone=row.phone,
        phone_out_of_hours=row.phone_out_of_hours,
        substitute=row.substitute,
        public_key=row.public_key,
    )


def _done(row: Row[Any]) -> Done:
    return Done(
        occurred_at=aware(row.occurred_at), by=row.by, data=row.data, confirmed_by=row.confirmed_by, seq=row.ledger_seq
    )


def _reminded(connection: Connection, cycle_id: str, number: int) -> str:
    return connection.execute(_REMINDED, {"cycle_id": cycle_id, "number": number}).scalar() or ""


def _in_force(done: Mapping[str, Done], history: HistoryOf) -> dict[str, Done]:
    """Return what is done without the lists that were withdrawn: a re-check that was one is to be done again."""
    counts = {entry.seq for entry in history.of(*LISTS)}
    return {act: record for act, record in done.items() if act not in LISTS or record.seq in counts}


def _named(records: Iterable[Mapping[str, str]], kinds: tuple[str, ...]) -> str:
    return compact(serial for record in records for kind in kinds for serial in expand(record.get(kind, "")))


def _open_cases(connection: Connection, cycle_id: str, incidents: frozenset[int]) -> tuple[Case, ...]:
    return tuple(case for case in cases(connection, cycle_id) if case.number in incidents) if incidents else ()


def cases(connection: Connection, cycle_id: str) -> tuple[Case, ...]:
    """Return every incident of a cycle, settled ones too, with what was done about it."""
    followed: dict[int, dict[str, list[dict[str, Any]]]] = {}
    for act, data in connection.execute(_FOLLOWED, {"cycle_id": cycle_id}):
        record = json.loads(data)
        followed.setdefault(record.get("incident", 0), {}).setdefault(act, []).append(record)
    opened = connection.execute(_OPENED, {"cycle_id": cycle_id})
    return tuple(_case(number, data, followed.get(number, {})) for number, data in opened if number is not None)


def _case(number: int, report: str | None, followed: Mapping[str, list[dict[str, Any]]]) -> Case:
    assessed = followed.get("assess_incident", [])
    opened = IncidentReported.model_validate_json(report) if report else None
    later = [told for record in followed.get("discuss_measures", ()) if (told := record.get("contractor_notified_at"))]
    first = opened.contractor_notified_at if opened else None
    return Case(
        number=number,
        report=opened,
        reportable=assessed[-1]["reportable"] if assessed else None,
        reported=frozenset(record["report"] for record in followed.get("report_to_commission", ())),
        persons_notified="notify_persons" in followed,
        publication_decided="publish_incident" in followed,
        contractor_notified_at=datetime.fromisoformat(later[-1]) if later else first,
    )


@lru_cache(maxsize=1000)  # the same few dozen claims are read at every act
def _claim(row: Row[tables.Claim]) -> MeasureClaim:
    return MeasureClaim(
        measure=row.measure, evidence=row.evidence, evidence_file=row.evidence_file, by=row.by,
        happened_on=row.happened_on, received_on=row.received_on, valid_until=row.valid_until,
        not_applicable=row.not_applicable, ledger_seq=row.ledger_seq,
    )  # fmt: skip


def aware(instant: datetime) -> datetime:
    """Return a stored instant as aware: SQLite gives back UTC without saying so."""
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
