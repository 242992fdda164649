"""The control ledger (管理簿) as people keep it: on paper and in Excel. Its words are Japanese."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict, cast

from pydantic.fields import FieldInfo
from sqlalchemy import Connection, select
from sqlmodel import col

from models import choices, tables
from models.clock import fiscal_year_title, stamp
from models.extract import CODES
from models.fields import takes
from models.letter import Moment
from models.people import SYSTEM
from models.programme import Programme
from models.records.base import ActRecord
from models.serials import minus
from models.words import _, translate
from papers import movements, sheet
from papers.movements import BY_POST, NOT_CARRIED, UNKNOWN, UNTOLD, Contents, content, destroyed_by, empty, quantity
from papers.sheet import Document, Sheet
from papers.slips import MOVEMENTS
from states import ledger
from states import reading as facts_reading
from states.events import BY_EVENT, event_words
from states.look import Look
from states.table import BY_TRIGGER, TABLE
from views.measures import judged_on

if TYPE_CHECKING:
    from adapters import spreadsheet

# Which field of a record is a quantity of what, in the order in which they are looked for.
_COUNTED = {
    "received": "{}人分",
    "exported": "{}人分",
    "letters_printed": "{}枚",
    "letters_enclosed": "{}通",
    "delivered": "{}通",
    "accepted": "{}通",
    "letters": "{}通",
    "persons": "{}人分",
}
# What a movement must say beside its moment, as the source asks (日時 取扱者 情報の内容 数量) and what belongs to it.
COLUMNS = {
    "who": "渡した人", "receiver": "受けた人", "content": "情報の内容", "quantity": "数量", "carrier": "運搬者",
    "container": "容器", "slip": "票番号",
}  # fmt: skip
_CLAIMS = {guard.name: guard.claim for row in TABLE for guard in (*row.guards, *row.deviations)}
# What the door itself asks of every act.
_ASKED_BY_THE_DOOR = {
    "state_allows_it": "この段階で行う手続ではない",
    "not_on_hold": "年度業務が一時停止中",
    "not_done_yet": "既に行われている",
    "person_is_registered": "本日有効な名簿にない者",
    "role_may_do_it": "行える役割でない者",
    "machine_did_it": "機械が行う手続",
    "not_in_the_future": "将来の日時",
    "proposal_waits": "確認を待つ起案がない",
    "four_eyes": "起案者と同じ者の確認",
    "deputy_stands_in": "不在の記録のない代決",
    "confirmation_is_personal": "本人による確認の証拠がない",
}
_SAID_FIRST = frozenset({"item", "items", "copies", "already_happened"})
_CODES = {
    **{code: meaning.sentence for code, meaning in CODES.items()}, **choices.EXCLUSIONS, **choices.RETURN_REASONS,
}  # fmt: skip
_LISTED, _LONG = 5, 60  # as many of a list, and as much of a range of serials, as a line of a table holds
_UNUSUAL = frozenset({"deviation_recorded", "incident_reported", "act_refused", "extract_refused"})
_AUTOMATIC = frozenset(
    {"act_flagged", "reminder_sent", "reminder_lost", "backup_recorded"}
)  # no hand moves anything in these


class Line(TypedDict):
    """A line of the 管理簿: of a movement (`moves`) everything that COLUMNS names, of anything else what was decided.

    What deviates or corrects stands out. `at` may be the day alone in what was taken in as history.
    """

    number: int
    at: Moment
    title: str
    who: str
    receiver: str
    content: str
    quantity: str
    carrier: str
    container: str
    occasion: str
    slip: str
    remark: str
    moves: bool
    stands_out: bool
    automatic: bool


class LedgerPrint(Document):
    """`ledger_print` 管理簿; `left_out` says how many automatic records (deadlines, reminders) it does not list."""

    period: str
    root: str
    left_out: int
    movements: Sequence[Line]
    decisions: Sequence[Line]
    checkpoint: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the entries name by id: people and custody items."""

    names: Mapping[str, str]
    kinds: Mapping[str, str]


def known_to(connection: Connection) -> Known:
    """Return the names and kinds that stand behind the ids in the ledger."""
    item = tables.Item
    return Known(
        names={person.id: person.name for person in facts_reading.people(connection).values()},
        kinds={row.number: row.kind for row in connection.execute(select(item.number, item.kind))},  # type: ignore[call-overload]  # columns, to sqlalchemy
    )


@dataclass(kw_only=True)
class _Reader:
    """Reads the entries of a year one after another: a later one may name what an earlier one told."""

    known: Known
    holds: Sequence[str]
    inside: Contents
    columns: dict[int, str] = field(default_factory=dict[int, str])
    delivered: bool = False

    def line(self, entry: Mapping[str, Any]) -> Line:
        """Return the next entry as a line of the 管理簿."""
        data: Mapping[str, Any] = entry["data"]
        record: Mapping[str, Any] = data.get("record", {})
        row = BY_EVENT.get(str(entry["event"]))
        act = row.trigger if row and "broken" not in data else ""
        moves = act in MOVEMENTS and bool(record) and self._moves(act, record)
        line = self._movement(entry, act, record) if moves else self._decision(entry, data, record)
        if act == "take_extract":
            self.columns = {held["row"]: held["column"] for held in record.get("rows", ())}
        self.inside.take(act, record)
        return line

    def _moves(self, act: str, record: Mapping[str, Any]) -> bool:
        """Tell a movement from a second look at a delivery, and from a sample of dummies alone."""
        if act == "record_returned_mail":
            return "receiver" in record and bool(minus(record["serials"], self.inside.back))
        if act == "destroy_items":
            return "slip" in record
        if act == "submit_imprint_sample":
            return bool(record.get("sample_stack") or minus(record["serials"], record.get("dummies", "")))
        if act != "inspect_delivery":
            return True
        tells = any(record.get(name) for name in ("giver", "receiver", "slip"))
        moves, self.delivered = tells or not self.delivered, self.delivered or tells
        return moves

    def _movement(self, entry: Mapping[str, Any], act: str, record: Mapping[str, Any]) -> Line:
        by = str(entry["by"])
        giver, receiver, carrier, container = _hands(act, record, by)
        entered_by = "" if giver in {by, UNTOLD, UNKNOWN} else _name(by, self.known)
        return _line(
            entry, entry["data"], self.known, entered_by=entered_by, moves=True,
            who=_name(giver, self.known), receiver=_name(receiver, self.known),
            content="\n".join(content(act, record, self.known.kinds, self.holds)),
            quantity=quantity(act, record, self.inside),
            carrier=_name(carrier, self.known), container=container, occasion=str(record.get("occasion", "")),
            slip=_told(record, "slip"),
        )  # fmt: skip

    def _decision(self, entry: Mapping[str, Any], data: Mapping[str, Any], record: Mapping[str, Any]) -> Line:
        return _line(
            entry, data, self.known,
            who=_name(str(entry["by"]), self.known), content=self._decided(entry, data, record),
            quantity=self._counted(record), occasion=str(record.get("occasion", "")), slip=str(record.get("slip", "")),
        )  # fmt: skip

    def _decided(self, entry: Mapping[str, Any], data: Mapping[str, Any], record: Mapping[str, Any]) -> str:
        """Return what was decided, printed or found: rows and items by number, an act with its flag, every field."""
        if "paper" in data:
            return _paper(str(data["paper"]))
        if "act" in data:
            return _act_and_flag(data, self.known)
        if "corrects" in record:
            return f"正：{record['correction']}"
        if "how" in record and "row" in record:
            return _row_decided(record, self.columns.get(record["row"], ""))
        named = [f"{choices.on_paper(choices.ITEMS, self.known.kinds.get(number, ''))}　{number}".strip()
                 for number in _numbers(record)]  # fmt: skip
        row = BY_EVENT.get(str(entry["event"]).removesuffix("_proposed"))
        said = _said(row.record, record, self.known) if row else []
        return "、".join((*named, *said)) or ("確認した" if row else "")

    def _counted(self, record: Mapping[str, Any]) -> str:
        if "copies" in record and "received" not in record:
            return f"複製 {len(_numbers(record)):,}件"
        if "items" in record or "item" in record:
            return self.inside.numbered(_numbers(record))
        return next((words.format(f"{record[name]:,}") for name, words in _COUNTED.items() if name in record), "")


def lines_of(connection: Connection, cycle_id: str, *, size: int | None = None) -> list[Line]:
    """Return the 管理簿 of a cycle; what was corrected stands as it was written and names its correction.

    Of the ledger's first `size` entries alone, where it is to end at a checkpoint.
    """
    known, told = known_to(connection), ledger.told(connection, cycle_id=cycle_id)
    entries = [entry for entry in told if size is None or entry["seq"] <= size]
    cycle = tables.Cycle
    found = connection.execute(select(cycle).where(col(cycle.id) == cycle_id)).one()
    programme = facts_reading.programme_of(found.programme_text)
    inside = empty(programme, found.fiscal_year, known.kinds)
    reader = _Reader(known=known, holds=programme.consignment.items, inside=inside)
    corrected_by = defaultdict[int, list[int]](list)
    for entry in entries:
        if entry["event"] == BY_TRIGGER["correct_entry"].event:
            corrected_by[entry["data"]["record"]["corrects"]].append(entry["seq"])
    return [_corrected(reader.line(entry), corrected_by[entry["seq"]]) for entry in entries]


def lacking(line: Line) -> tuple[str, ...]:
    """Return the columns that a movement does not tell; none of anything else."""
    values: Mapping[str, object] = line
    missing = ("", UNTOLD, UNKNOWN)
    return tuple(title for name, title in COLUMNS.items() if line["moves"] and values[name] in missing)


def _line(
    entry: Mapping[str, Any], data: Mapping[str, Any], known: Known, *, entered_by: str = "", **said: Any
) -> Line:
    record: Mapping[str, Any] = data.get("record", {})
    told: dict[str, Any] = {
        **dict.fromkeys(("who", "receiver", "content", "quantity", "carrier", "container", "occasion", "slip"), ""),
        "moves": False, **said,
    }  # fmt: skip
    return Line(
        number=entry["seq"],
        at=_moment(str(data.get("occurred_at") or entry["at"])),
        title=event_words(str(entry["event"]))[0],
        remark="　".join(filter(None, _remarks(entry, data, record, known, by=entered_by))),
        stands_out=entry["event"] in _UNUSUAL or "corrects" in record,
        automatic=entry["event"] in _AUTOMATIC,
        **told,
    )


def _told(record: Mapping[str, Any], name: str) -> str:
    """Return a field of a movement: an older version did not ask for it, or nobody knew it."""
    return str(record[name] or UNKNOWN) if name in record else UNTOLD


def _hands(act: str, record: Mapping[str, Any], by: str) -> tuple[str, str, str, str]:
    """Return who gave it to whom, who carried it and in what; the post office brings and takes as an office."""
    told = partial(_told, record)
    if act == "record_returned_mail":
        return told("office"), told("receiver"), told("office"), BY_POST
    if act == "destroy_items":
        return by, destroyed_by(str(record["method"])), by, NOT_CARRIED
    giver = told("giver")
    receiver = told("office" if "office" in record else "receiver")
    within = UNTOLD
    if "locked_bag" in record:
        kind, number = record.get("bag", "bag"), record.get("bag_number", "")
        within = movements.container(locked=record["locked_bag"], kind=kind, number=number)
    return giver, receiver, str(record.get("carrier") or giver), within


def _corrected(line: Line, by: Sequence[int]) -> Line:
    if not by:
        return line
    said = "、".join(f"第{seq}号" for seq in by)
    return {**line, "remark": f"{line['remark']}　{said}で訂正".strip(), "stands_out": True}


def _moment(at: str) -> Moment:
    moment = datetime.fromisoformat(at)
    return sheet.moment(moment if "T" in at else moment.date())


@dataclass(frozen=True, kw_only=True)
class Book:
    """The 管理簿 of a year, open or taken in as history, as of a day; root and last signed checkpoint pin it down."""

    programme: Programme
    year: int
    name: str
    lines: Sequence[Line]
    root: str
    checkpoint: Sequence[str]
    today: date

    @property
    def sheet(self) -> Sheet:
        """Return it as paper; what no hand moved is counted and left out."""
        data: LedgerPrint = {
            "head": sheet.head_of(self.programme, self.year, f"L-{self.year}", on=self.today),
            "period": _period(self.lines),
            "root": self.root,
            "left_out": sum(line["automatic"] for line in self.lines),
            "movements": [line for line in self.lines if line["moves"]],
            "decisions": [line for line in self.lines if not line["moves"] and not line["automatic"]],
            "checkpoint": self.checkpoint,
        }
        return Sheet(programme=self.programme, name=self.name, template="ledger_print", data=data)


def ledger_print(here: Look) -> Sheet:
    """Return the control ledger of a cycle as people read it."""
    return _book(here, lines_of(here.connection, here.cycle_id), *_seal(here.connection), today=here.facts.today).sheet


def book_until(here: Look, size: int, note: str) -> Book:
    """Return the control ledger of a cycle as it stood at a checkpoint."""
    root = ledger.root(here.connection, size).hex()
    lines = lines_of(here.connection, here.cycle_id, size=size)
    return _book(here, lines, root, sheet.lines_of(note), today=judged_on(here.facts))


def _book(here: Look, lines: Sequence[Line], root: str, checkpoint: Sequence[str], *, today: date) -> Book:
    return Book(
        programme=here.programme, year=here.facts.fiscal_year, name="ledger", lines=lines, root=root,
        checkpoint=checkpoint, today=today,
    )  # fmt: skip


def books(connection: Connection, own: Programme, today: date) -> Iterator[Book]:
    """Walk over the books: one a cycle, and one a year of history, under the office's own programme."""
    cycle, table, (root, checkpoint) = tables.Cycle, tables.Ledger, _seal(connection)
    book = partial(Book, root=root, checkpoint=checkpoint, today=today)
    for row in connection.execute(select(cycle).order_by(col(cycle.fiscal_year))).all():
        programme, lines = facts_reading.programme_of(row.programme_text), lines_of(connection, row.id)
        yield book(programme=programme, year=row.fiscal_year, name=f"control-ledger-{row.id}", lines=lines)
    query = select(col(table.entry)).where(col(table.event) == ledger.HISTORY).order_by(col(table.seq))
    history = ledger.with_texts(connection, connection.execute(query).scalars())
    for year in sorted({entry["data"]["fiscal_year"] for entry in history}):
        lines = [_line_of_history(entry) for entry in history if entry["data"]["fiscal_year"] == year]
        yield book(programme=own, year=year, name=f"control-ledger-history-{year}", lines=lines)


def _seal(connection: Connection) -> tuple[str, list[str]]:
    notes = ledger.checkpoints(connection)
    root = ledger.root(connection, ledger.size(connection)).hex()
    return root, sheet.lines_of(notes[-1][1]) if notes else []


def spreadsheets_of(book: Book) -> "tuple[spreadsheet.Sheet, spreadsheet.Sheet]":
    """Return a book as two sheets of Excel, movements and decisions, with everything that the paper leaves out."""
    movements = [line for line in book.lines if line["moves"]]
    decisions = [line for line in book.lines if not line["moves"]]
    return (
        _spreadsheet(book, "受渡し", movements, (
            ("渡した人", 16, "who"), ("受けた人", 16, "receiver"), ("情報の内容", 34, "content"),
            ("数量", 22, "quantity"), ("運搬者", 16, "carrier"), ("容器", 18, "container"), ("機会", 18, "occasion"),
            ("票番号", 13, "slip"), ("備考", 34, "remark"),
        )),
        _spreadsheet(book, "決定・印刷・点検", decisions, (
            ("取扱者", 16, "who"), ("決定・点検の内容", 60, "content"), ("数量", 14, "quantity"),
            ("備考", 34, "remark"),
        )),
    )  # fmt: skip


def _spreadsheet(
    book: Book, name: str, lines: Sequence[Line], columns: Sequence[tuple[str, int, str]]
) -> "spreadsheet.Sheet":
    from adapters.spreadsheet import Column
    from adapters.spreadsheet import Sheet as ExcelSheet

    programme = book.programme
    first = (("番号", 7), ("年月日", 13), ("和暦", 20), ("時刻", 7), ("事項", 26))
    told: Sequence[Mapping[str, Any]] = [{**line} for line in lines]
    return ExcelSheet(
        name=name,
        above=[
            f"管理簿（{name}）　{programme.sections.municipality}　{programme.sections.owner}　{programme.title_ja}",
            f"{fiscal_year_title(book.year)}　{_period(book.lines)}　記録 {len(lines)}件",
            f"根の値 {book.root}",
            *book.checkpoint,
        ],
        columns=[
            *(Column(title=title, width=width, right=title == "番号") for title, width in first),
            *(Column(title=title, width=width, right=title == "数量") for title, width, _name in columns),
        ],
        rows=[
            [str(line["number"]), line["at"]["iso"], line["at"]["wareki"], line["at"].get("time", ""), line["title"],
             *(str(line[name]) for _title, _width, name in columns)]
            for line in told
        ],
        marked=frozenset(place for place, line in enumerate(lines) if line["stands_out"]),
    )  # fmt: skip


def _period(lines: Sequence[Line]) -> str:
    days = [line["at"]["iso"] for line in lines]
    return f"{min(days)} から {max(days)} まで" if days else ""


def _line_of_history(entry: Mapping[str, Any]) -> Line:
    data: Mapping[str, Any] = entry["data"]
    return Line(
        number=entry["seq"], at=_moment(data["moved_at"]), title=event_words(ledger.HISTORY)[0],
        who=data["handler"] or UNTOLD, receiver=data["counterpart"] or UNTOLD, content=data["content"] or UNTOLD,
        quantity=data["quantity"] or UNTOLD, carrier=UNTOLD, container=UNTOLD, occasion=data["occasion"],
        slip=data["slip"] or UNTOLD,
        remark=f"{data['remark']}　過年度の管理簿から（Excel {data['row']}行目）".strip(),
        moves=True, stands_out=False, automatic=False,
    )  # fmt: skip


def _claimed(guard: str) -> str:
    """Return what was not met, without the full stop of a sentence of its own."""
    return _(_CLAIMS[guard]).rstrip("。.") if guard in _CLAIMS else _ASKED_BY_THE_DOOR.get(guard, guard)


def _numbers(record: Mapping[str, Any]) -> list[str]:
    """Return the numbers of the items, or of the copies, that a record names."""
    if "item" in record:
        return [str(record["item"])]
    return [str(number) for number in record.get("items", ())] + [
        str(copy["copy_number"]) for copy in record.get("copies", ())
    ]


def _name(person: str, known: Known) -> str:
    return "自動処理" if person == SYSTEM else known.names.get(person, person)


def _paper(name: str) -> str:
    """Return which paper was printed; a slip by its number and the entry of its movement."""
    if slip := re.fullmatch(r"slip (.+) \((\d+)\)", name):
        return f"確認記録票　{slip[1]}（第{slip[2]}号の受渡し）"
    return re.sub(r"^notice ", "パスワード通知書　", name)


def _act_and_flag(data: Mapping[str, Any], known: Known) -> str:
    row = BY_TRIGGER.get(str(data["act"]))
    flag = choices.on_paper(choices.FLAGS, str(data.get("flag", "")))
    return f"{row.ja if row else data['act']}　{flag or known.names.get(str(data.get('to', '')), '')}".strip()


def _row_decided(record: Mapping[str, Any], column: str) -> str:
    """Return the decision on a held row: row and column, never what stands there."""
    instead = f"　{record['substitute']}" if record.get("substitute") else ""
    where = f"{record['row']:,}行目" + (f"「{column}」" if column else "")
    return f"{where}：{choices.on_paper(choices.DECISIONS, record['how'])}{instead}（理由 {record['reason']}）"


def _said(kind: type[ActRecord], record: Mapping[str, Any], known: Known) -> list[str]:
    """Return what a record says, field by field: no check values, and no items, which are said first."""
    said: list[str] = []
    for name, about in kind.model_fields.items():
        value = record.get(name)
        if name not in _SAID_FIRST and value not in (None, "", [], {}, about.default) and not _is_hash(value):
            said.append(f"{translate(about.title or name, 'ja')}：{_value(about, value, known)}")
    return said


def _value(about: FieldInfo, value: Any, known: Known) -> str:
    """Return a value as a clerk reads it."""
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        counts = cast("dict[str, object]", value)
        return "・".join(f"{choices.on_paper(_CODES, code).rstrip('。')} {number}" for code, number in counts.items())
    if isinstance(value, list):
        listed = cast("list[object]", value)
        plain = [known.names.get(str(one), str(one)) for one in listed if not isinstance(one, dict)]
        rest = [f"ほか{len(plain) - _LISTED}件"] if len(plain) > _LISTED else []
        return "・".join((*plain[:_LISTED], *rest)) if plain else f"{len(listed):,}件"
    text = str(value)
    words = takes(about).choices
    return words.get(text) or known.names.get(text) or (f"{text[:_LONG]}…" if len(text) > _LONG else text)


def _is_hash(value: object) -> bool:
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    return all(isinstance(one, str) and re.fullmatch(r"[0-9a-f]{64}", one) for one in values)


def _remarks(
    entry: Mapping[str, Any], data: Mapping[str, Any], record: Mapping[str, Any], known: Known, *, by: str
) -> Iterator[str]:
    """Say what a reader must not overlook: what broke a rule, what corrects what, whose place was taken, how late."""
    if broken := data.get("broken") or data.get("unmet"):
        said = "逸脱" if "broken" in data else "不足"
        told = data.get("told", {})
        yield f"{said}：" + "、".join(_claimed(it) + (f"（{told[it]}）" if it in told else "") for it in broken)
    if "corrects" in record:
        yield f"第{record['corrects']}号の訂正（{record['reason']}）"
    if "in_place_of" in data:
        yield f"代決（{_name(str(data['in_place_of']), known)}）"
    if by:
        yield f"記入 {by}"
    if "occurred_at" in data and data["occurred_at"][:16] != entry["at"][:16]:
        entered = datetime.fromisoformat(entry["at"])
        yield f"後から記入（{stamp(entered)[:16].replace('T', ' ')}）"
