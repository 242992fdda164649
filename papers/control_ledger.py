"""The control ledger (管理簿) as people keep it: on paper and in Excel. Its words are Japanese."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict

from sqlalchemy import Connection, select
from sqlmodel import col

from models import choices, tables
from models.clock import fiscal_year_title, stamp
from models.letter import Moment
from models.people import SYSTEM
from models.programme import Programme
from models.words import _
from papers import sheet
from papers.sheet import Document, Sheet
from states import ledger
from states import reading as facts_reading
from states.events import event_words
from states.look import Look
from states.table import BY_TRIGGER, TABLE

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
}
# As the slip says it; what is neither of these is sheets.
_UNITS = {"extract_original": "件", "letters_file": "件", "password_notice": "通", "electronic_copy": "点"}
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
    "confirmation_is_personal": "本人による確認の証拠がない",
}
_UNUSUAL = frozenset({"deviation_recorded", "incident_reported", "act_refused", "extract_refused"})
_AUTOMATIC = frozenset({"act_flagged", "reminder_sent", "reminder_lost"})  # no hand moves anything in these


class Line(TypedDict):
    """A line of the 管理簿: what the ward asks for (日時 取扱者 情報の内容 数量), and what belongs to a movement.

    What deviates or corrects stands out. `at` may be the day alone in what was taken in as history.
    """

    number: int
    at: Moment
    title: str
    who: str
    content: str
    quantity: str
    counterpart: str
    occasion: str
    slip: str
    remark: str
    stands_out: bool
    automatic: bool


class LedgerPrint(Document):
    """`ledger_print` 管理簿; `left_out` says how many automatic records (deadlines, reminders) it does not list."""

    period: str
    root: str
    left_out: int
    entries: Sequence[Line]
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


def line_of(entry: Mapping[str, Any], known: Known) -> Line:
    """Return a ledger entry as a line of the 管理簿."""
    data: Mapping[str, Any] = entry["data"]
    if entry["event"] == ledger.HISTORY:
        return _line_of_history(entry, data)
    record: Mapping[str, Any] = data.get("record", {})
    by = _name(str(entry["by"]), known)
    giver = _name(str(record.get("giver", "")), known)
    return Line(
        number=entry["seq"],
        at=_moment(str(data.get("occurred_at", entry["at"]))),
        title=event_words(str(entry["event"]))[0],
        who=giver or by,
        content=_content(data, record, known),
        quantity=_quantity(record, known),
        counterpart=_name(str(record.get("receiver", "")), known),
        occasion=str(record.get("occasion", "")),
        slip=str(record.get("slip", "")),
        remark="　".join(filter(None, _remarks(entry, data, record, by=by if giver not in {"", by} else ""))),
        stands_out=entry["event"] in _UNUSUAL or "corrects" in record,
        automatic=entry["event"] in _AUTOMATIC,
    )


def lines_of(connection: Connection, cycle_id: str) -> list[Line]:
    """Return the 管理簿 of a cycle; what was corrected stands as it was written and names its correction."""
    known, entries = known_to(connection), list(ledger.told(connection, cycle_id=cycle_id))
    corrected_by = defaultdict[int, list[int]](list)
    for entry in entries:
        if entry["event"] == BY_TRIGGER["correct_entry"].event:
            corrected_by[entry["data"]["record"]["corrects"]].append(entry["seq"])
    return [_corrected(line_of(entry, known), corrected_by[entry["seq"]]) for entry in entries]


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
            "entries": [line for line in self.lines if not line["automatic"]],
            "checkpoint": self.checkpoint,
        }
        return Sheet(programme=self.programme, name=self.name, template="ledger_print", data=data)


def ledger_print(here: Look) -> Sheet:
    """Return the control ledger of a cycle as people read it."""
    lines, (root, checkpoint) = lines_of(here.connection, here.cycle_id), _seal(here.connection)
    return Book(
        programme=here.programme, year=here.facts.fiscal_year, name="ledger", lines=lines, root=root,
        checkpoint=checkpoint, today=here.facts.today,
    ).sheet  # fmt: skip


def books(connection: Connection, own: Programme, today: date) -> Iterator[Book]:
    """Walk over the books: one a cycle, and one a year of history, under the office's own programme."""
    cycle, table, (root, checkpoint) = tables.Cycle, tables.Ledger, _seal(connection)
    book = partial(Book, root=root, checkpoint=checkpoint, today=today)
    for row in connection.execute(select(cycle).order_by(col(cycle.fiscal_year))).all():
        programme, lines = facts_reading.programme_of(row.programme_text), lines_of(connection, row.id)
        yield book(programme=programme, year=row.fiscal_year, name=f"control-ledger-{row.id}", lines=lines)
    known = known_to(connection)
    query = select(col(table.entry)).where(col(table.event) == ledger.HISTORY).order_by(col(table.seq))
    history = ledger.with_texts(connection, connection.execute(query).scalars())
    for year in sorted({entry["data"]["fiscal_year"] for entry in history}):
        lines = [line_of(entry, known) for entry in history if entry["data"]["fiscal_year"] == year]
        yield book(programme=own, year=year, name=f"control-ledger-history-{year}", lines=lines)


def _seal(connection: Connection) -> tuple[str, list[str]]:
    notes = ledger.checkpoints(connection)
    root = ledger.root(connection, ledger.size(connection)).hex()
    return root, sheet.lines_of(notes[-1][1]) if notes else []


def spreadsheet_of(book: Book) -> "spreadsheet.Sheet":
    """Return a book as a sheet of Excel, with everything that the paper leaves out."""
    from adapters.spreadsheet import Column
    from adapters.spreadsheet import Sheet as ExcelSheet

    programme, lines = book.programme, book.lines
    return ExcelSheet(
        name="管理簿",
        above=[
            f"管理簿　{programme.sections.municipality}　{programme.sections.owner}　{programme.title_ja}",
            f"{fiscal_year_title(book.year)}　{_period(lines)}　記録 {len(lines)}件",
            f"根の値 {book.root}",
            *book.checkpoint,
        ],
        columns=[
            Column(title="番号", width=7, right=True), Column(title="年月日", width=13),
            Column(title="和暦", width=20), Column(title="時刻", width=7), Column(title="事項", width=26),
            Column(title="取扱者", width=16), Column(title="情報の内容", width=34),
            Column(title="数量", width=10, right=True), Column(title="相手方", width=16),
            Column(title="機会", width=18), Column(title="票番号", width=13), Column(title="備考", width=34),
        ],
        rows=[
            [str(line["number"]), line["at"]["iso"], line["at"]["wareki"], line["at"].get("time", ""), line["title"],
             line["who"], line["content"], line["quantity"], line["counterpart"], line["occasion"], line["slip"],
             line["remark"]]
            for line in lines
        ],
        marked=frozenset(place for place, line in enumerate(lines) if line["stands_out"]),
    )  # fmt: skip


def _period(lines: Sequence[Line]) -> str:
    days = [line["at"]["iso"] for line in lines]
    return f"{min(days)} から {max(days)} まで" if days else ""


def _line_of_history(entry: Mapping[str, Any], data: Mapping[str, Any]) -> Line:
    return Line(
        number=entry["seq"], at=_moment(data["moved_at"]), title=event_words(ledger.HISTORY)[0], who=data["handler"],
        content=data["content"], quantity=data["quantity"], counterpart=data["counterpart"],
        occasion=data["occasion"], slip=data["slip"],
        remark=f"{data['remark']}　過年度の管理簿から（Excel {data['row']}行目）".strip(),
        stands_out=False, automatic=False,
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


def _content(data: Mapping[str, Any], record: Mapping[str, Any], known: Known) -> str:
    """Return what an entry is about: items, an act with its flag, or nothing more than its title."""
    if items := _numbers(record):
        return "、".join(
            f"{choices.on_paper(choices.ITEMS, known.kinds.get(item, ''))}　{item}".strip() for item in items
        )
    if "corrects" in record:
        return f"正：{record['correction']}"
    if measures := record.get("measures"):
        return str(measures[0]) + (f" ほか{len(measures) - 1}件" if len(measures) > 1 else "")
    if "act" in data:
        row = BY_TRIGGER.get(str(data["act"]))
        what = choices.on_paper(choices.FLAGS, str(data.get("flag", ""))) or known.names.get(
            str(data.get("to", "")), ""
        )
        return f"{row.ja if row else data['act']}　{what}".strip()
    return ""


def _quantity(record: Mapping[str, Any], known: Known) -> str:
    if "items" in record or ("copies" in record and "received" not in record):
        return f"{len(_numbers(record))}点"
    if "quantity" in record:
        return f"{record['quantity']}{_UNITS.get(known.kinds.get(str(record.get('item', '')), ''), '枚')}"
    return next((words.format(f"{record[field]:,}") for field, words in _COUNTED.items() if field in record), "")


def _remarks(entry: Mapping[str, Any], data: Mapping[str, Any], record: Mapping[str, Any], *, by: str) -> Iterator[str]:
    """Say what a reader must not overlook: what broke a rule, what corrects what, what was entered afterwards."""
    if broken := data.get("broken") or data.get("unmet"):
        said = "逸脱" if "broken" in data else "不足"
        yield f"{said}：" + "、".join(map(_claimed, broken))
    if "corrects" in record:
        yield f"第{record['corrects']}号の訂正（{record['reason']}）"
    if record.get("locked_bag"):
        yield "鍵付きカバン等"
    if by:
        yield f"記入 {by}"
    if "occurred_at" in data and data["occurred_at"][:16] != entry["at"][:16]:
        entered = datetime.fromisoformat(entry["at"])
        yield f"後から記入（{stamp(entered)[:16].replace('T', ' ')}）"
