"""The year on paper: the report (年度報告書)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from sqlalchemy import Connection, Row, func, select
from sqlmodel import col

from models import choices, tables
from models.clock import wareki
from models.people import Side
from models.records.erasure import ErasureReported, WardDataErased, YearClosed
from models.records.media_return import ItemsReturned
from models.records.oversight import IncidentSettled
from models.words import _
from papers.enclosing import integrity_lines
from papers.erasure import kept, said_of
from papers.movements import contents
from papers.sheet import Document, Labelled, Sheet, day_alone, head, lines_of
from states import ledger
from states.calendar import Calendar
from states.facts import Facts
from states.look import Look
from states.rows import STATES_BY_KEY
from states.table import BY_TRIGGER, TABLE
from views.counting import STAGES, Counts, counts
from views.measures import MeasureStanding, standings
from views.supervision import Supervision, standing_of, supervision

_EVENTS = {row.event for row in TABLE}


class Count(TypedDict):
    """A line of the conservation table; `differs` and `serials` are "" where it contradicts none."""

    label: str
    count: str
    source: str
    part: bool
    differs: str
    serials: str


class Branch(TypedDict):
    """What leaves the flow of pieces at a stage, or joins it."""

    label: str
    count: str


class Stage(TypedDict):
    """A stage in the picture of the year: how many pieces reached it, what joined before it and what left after it."""

    label: str
    count: str
    differs: bool
    joins: Sequence[Branch]
    leaves: Sequence[Branch]


class CountsResult(TypedDict):
    """Whether the counts hold, and the sentence that says so."""

    holds: bool
    text: str


class Planned(TypedDict):
    """A dated act; the dates are text, "" while it is not done."""

    title: str
    owner: str
    planned: str
    promised: str
    actual: str
    difference: str


class Overdue(TypedDict):
    """An act that was or is late, and how often its owner was reminded."""

    title: str
    owner: str
    due: str
    done: str
    reminders: str


class IncidentLine(TypedDict):
    """An incident or a deviation."""

    number: str
    on: str
    title: str
    outcome: str


class MeasuresKept(TypedDict):
    """How many measures of a category were kept."""

    label: str
    total: str
    kept: str
    open: str
    not_applicable: str


class LedgerState(TypedDict):
    """Where the ledger stands."""

    entries: str
    root: str
    checkpoint: Sequence[str]


class YearReport(Document):
    """`report` 年度報告書."""

    contractor: str
    state: str
    counts: Sequence[Count]
    counts_result: CountsResult
    flow: Sequence[Stage]
    integrity: Sequence[Labelled]
    notes: Sequence[str]
    schedule: Sequence[Planned]
    overdue: Sequence[Overdue]
    incidents: Sequence[IncidentLine]
    measures: Sequence[MeasuresKept]
    supervision: Sequence[Labelled]
    erasure: Sequence[Labelled]
    signing: Sequence[Labelled]
    ledger: LedgerState
    coordinator: str
    approver: str


def report(here: Look) -> Sheet:
    """Return the year's report: of a closed year always the same, dated on its closing day."""
    facts, table, connection = here.facts, counts(here), here.connection
    size, note = sealed_at(connection, here.cycle_id)
    act, closed = tables.Act, facts.done.get("close")
    query = select(act).where(col(act.cycle_id) == here.cycle_id).order_by(col(act.planned_on))
    acts = connection.execute(query).all()
    data: YearReport = {
        "head": head(facts, f"R-{facts.fiscal_year}", on=closed.on if closed else None),
        "contractor": facts.programme.contractor.name,
        "state": STATES_BY_KEY[facts.state].ja,
        "counts": [
            {
                "label": line.ja,
                "count": f"{line.count:,}",
                "source": line.source,
                "part": bool(line.part_of),
                "differs": f"{line.differs_by:+,}" if line.differs_by else "",
                "serials": line.serials,
            }
            for line in table.lines
        ],
        "counts_result": {"holds": table.holds, "text": table.sentence_ja},
        "flow": _flow(table),
        "integrity": integrity_lines(facts),
        "notes": list(table.notes),
        "schedule": [_planned(row, here.calendar) for row in acts if row.flag != "dropped"],
        "overdue": [_overdue(here, row) for row in acts if _was_late(row)],
        "incidents": _incidents(here),
        "measures": _measure_lines(standings(here)),
        "supervision": _supervision_lines(supervision(here)),
        "erasure": _erasure_lines(facts),
        "signing": _signing_lines(connection, here.cycle_id, size),
        "ledger": {"entries": f"{size:,}", "root": ledger.root(connection, size).hex(), "checkpoint": lines_of(note)},
        "coordinator": "",
        "approver": "",
    }
    return Sheet(programme=here.programme, name="report", template="report", data=data)


def sealed_at(connection: Connection, cycle_id: str) -> tuple[int, str]:
    """Return size and note of the checkpoint that closes a cycle; while it is open, of the latest there is."""
    record = tables.Record
    closing = select(col(record.ledger_seq)).where(
        col(record.cycle_id) == cycle_id, col(record.act) == "close", col(record.status) == "done"
    )
    seq, notes = connection.execute(closing).scalar(), ledger.checkpoints(connection)
    if seq is not None:
        # What was redacted since is missing beside the ledger, which therefore goes on to the entry that says so.
        redacted = select(func.max(col(tables.Ledger.seq))).where(col(tables.Ledger.event) == "text_redacted")
        seq = max(seq, connection.execute(redacted).scalar() or 0)
        return next((size, note) for size, note in notes if size >= seq)
    return notes[-1] if notes else (ledger.size(connection), "")


_BRANCHES = {"added": "追加"} | dict.fromkeys((f"pulled_{stage}" for stage in STAGES), "引抜き")
# The picture of the year: a stage, what joins before it, what leaves after it.
_FLOW = (
    ("raw_hits", (), ("excluded", "held")),
    ("exported", (), ("pulled_transfer",)),
    ("received", (), ("pulled_printing",)),
    ("printed", ("added",), ("pulled_sealing",)),
    ("enclosed", (), ("pulled_sealed",)),
    ("posted", (), ("returned",)),
)


def _flow(table: Counts) -> list[Stage]:
    lines = {line.key: line for line in table.lines}

    def branches(keys: tuple[str, ...]) -> list[Branch]:
        here = [lines[key] for key in keys if key in lines and lines[key].count]
        return [{"label": _BRANCHES.get(line.key, line.ja), "count": f"{line.count:,}"} for line in here]

    return [
        {
            "label": lines[key].ja, "count": f"{lines[key].count:,}", "differs": bool(lines[key].differs_by),
            "joins": branches(joins), "leaves": branches(leaves),
        }
        for key, joins, leaves in _FLOW
    ]  # fmt: skip


def _incidents(here: Look) -> list[IncidentLine]:
    facts = here.facts
    incident, entry = tables.Incident, tables.Ledger
    query = (
        select(incident, col(entry.entry))
        .join(entry, col(entry.seq) == col(incident.ledger_seq))
        .where(col(incident.cycle_id) == facts.cycle_id)
        .order_by(col(incident.id))
    )
    settled = {
        settlement.record.incident: settlement.record.decision_number
        for settlement in facts.past("settle_incident", IncidentSettled)
    }
    return [
        {
            "number": str(row.id),
            "on": str(row.known_on),
            "title": f"{choices.on_paper(choices.INCIDENTS, row.kind)}　{_about(row.entry)}"
            f"（管理簿 第{row.ledger_seq}号）",
            "outcome": f"終結（決裁 {settled[row.id]}）" if row.id in settled else "対応中",
        }
        for row in here.connection.execute(query)
    ]


def _about(entry: str) -> str:
    """Return what an incident is about, by the entry that opened it: the act that went wrong, the item, the persons."""
    data: dict[str, Any] = json.loads(entry)["data"]
    record: dict[str, Any] = data.get("record", {})
    if data.get("act") in BY_TRIGGER:
        return BY_TRIGGER[data["act"]].ja
    return str(record.get("item") or (f"本人の数 {record['persons']:,} 人" if record.get("persons") else ""))


def _planned(row: Row[tables.Act], calendar: Calendar) -> Planned:
    late = calendar.open_days_between(row.planned_on, row.done_on) if row.done_on else 0
    return {
        "title": BY_TRIGGER[row.act].ja,
        "owner": Side(row.owner).label,
        "planned": str(row.planned_on),
        "promised": str(row.due_on),
        "actual": str(row.done_on or ""),
        "difference": f"{late:+d}" if late else "",
    }


def _was_late(row: Row[tables.Act]) -> bool:
    return row.flag in {"overdue", "escalated"} or bool(row.done_on and row.done_on > row.due_on)


def _overdue(here: Look, row: Row[tables.Act]) -> Overdue:
    reminder = tables.Reminder
    sent = select(func.count()).where(
        col(reminder.cycle_id) == here.cycle_id, col(reminder.act) == row.act, col(reminder.state) == "sent"
    )
    return {
        "title": BY_TRIGGER[row.act].ja,
        "owner": Side(row.owner).label,
        "due": str(row.due_on),
        "done": str(row.done_on or ""),
        "reminders": str(here.connection.execute(sent).scalar_one()),
    }


def _measure_lines(found: Sequence[MeasureStanding]) -> list[MeasuresKept]:
    """Return the measures by side: kept, open, or without an occasion in this year."""
    lines: list[MeasuresKept] = []
    for side, label in (("ward", "区の対策"), ("contractor", "受託事業者の対策")):
        mine = [measure_standing for measure_standing in found if measure_standing.measure.side == side]
        idle = sum(measure_standing.standing in {"no_occasion", "not_applicable"} for measure_standing in mine)
        kept = sum(measure_standing.is_kept for measure_standing in mine) - idle
        lines.append({
            "label": label, "total": str(len(mine)), "kept": str(kept), "not_applicable": str(idle),
            "open": str(len(mine) - kept - idle),
        })  # fmt: skip
    return lines


def _supervision_lines(found: Supervision) -> list[Labelled]:
    """Return what the report says of it, in the Japanese of paper: label and value."""
    subs = (
        "、".join(
            f"{subcontractor.declared.name}（{choices.on_paper(choices.SUBCONTRACTORS, standing_of(subcontractor))}）"
            for subcontractor in found.subcontractors
        )
        or "なし"
    )
    used = "、".join(cloud.record.service for cloud in found.clouds if cloud.record.service) or "なし"
    places = "、".join(dict.fromkeys(cloud.record.server_place for cloud in found.clouds))
    clouds = f"{used}（サーバ所在地　{places}）" if places else "届出なし"
    seen = "、".join(
        f"{wareki(result.record.inspected_on)}　{result.record.subcontractor or '受託事業者'}"
        f"（{'立入り' if result.record.kind == 'on_site' else '書面'}、指摘 {result.record.findings} 件）"
        for result in found.results
    )
    left = sum(finding.settled is None for finding in found.findings)
    return [
        {"label": "再委託", "value": subs},
        {"label": "クラウドサービスの利用", "value": clouds},
        {"label": "立入り調査", "value": seen or "未実施"},
        {"label": "指摘事項", "value": f"{len(found.findings)} 件（未了 {left} 件）" if found.findings else "なし"},
    ]


def _ward_lines(facts: Facts) -> list[Labelled]:
    """Return what the ward itself has destroyed, by kind and number, and what it keeps beyond the close."""
    inside, closed = contents(facts), facts.record("close", YearClosed)
    destroyed = inside.numbered(item.number for item in facts.items_in("destroyed"))
    listed = closed.kept if closed else ()
    kept = "、".join(f"{said_of(facts, it.item)}　{wareki(it.until)}まで（{it.reason}）" for it in listed)
    return [
        {"label": "廃棄した返却物・返戻", "value": destroyed or "なし"},
        *([{"label": "完結後も区が保有するもの", "value": kept or "なし"}] if closed else []),
    ]


def _contractor_lines(facts: Facts) -> list[Labelled]:
    """Return what came back from the contractor, what is lost, and what he reported erased."""
    back = {number for past in facts.past("return_items", ItemsReturned) for number in past.record.items}
    erased = {
        copy.copy_number
        for past in facts.past("report_erasure", ErasureReported)
        for copy in past.record.copies
    }  # fmt: skip
    out, lost = facts.things_in("with_contractor", "with_subcontractor"), facts.things_in("lost")
    returned = contents(facts).numbered(sorted(back))
    left = facts.copies_in("with_contractor", "with_subcontractor")
    return [
        {"label": "返却された媒体・紙・パスワード通知書", "value": f"{returned or 'なし'}{_on(facts, 'return_items')}"},
        {"label": "返却されていないもの", "value": "、".join(item.number for item in out) or "なし"},
        *([{"label": "紛失したもの", "value": "、".join(item.number for item in lost)}] if lost else []),
        {"label": "受託者が消去した複製", "value": f"{len(erased):,} 件{_on(facts, 'report_erasure')}"},
        {"label": "消去されていない複製", "value": "、".join(copy.number for copy in left) or "なし"},
    ]


def _approved(said: Mapping[str, str], seq: int) -> str:
    """Return an approval as it stands in the report; the day stands where an act tells it."""
    day = said.get("approved_on") or said.get("decided_on")
    on = f"決裁日 {day}、" if day else ""
    return f"{said['decision_number']}（{on}管理簿 第{seq}号）"


def _signing_lines(connection: Connection, cycle_id: str, size: int) -> list[Labelled]:
    """Return how many acts are signed, how the second persons confirmed, and every approval, to be compared.

    Before the first key was given nobody could sign, whatever the version: such acts are told apart.
    """
    entry = tables.Ledger
    given = select(func.min(col(entry.seq))).where(col(entry.event) == BY_TRIGGER["give_key"].event)
    keyed_from = connection.execute(given).scalar() or size + 1
    query = select(col(entry.event), col(entry.entry)).where(col(entry.cycle_id) == cycle_id, col(entry.seq) <= size)
    entries = [
        json.loads(row.entry) for row in connection.execute(query.order_by(col(entry.seq))) if row.event in _EVENTS
    ]
    # What a deviation broke is told beside the act, without a record.
    acts = [act for act in entries if "record" in act["data"]]
    signed = sum("signature" in act["data"] for act in acts)
    before = sum(act["seq"] < keyed_from for act in acts)
    how = [act["data"].get("confirmed_how", "") for act in acts]
    decided = [
        _approved(said, act["seq"])
        for act in acts
        for said in (act["data"], act["data"]["record"])
        if said.get("decision_number")
    ]
    return [
        {"label": "行った人又は入力した人の署名のある手続", "value": f"{signed:,} 件"},
        {"label": "署名のない手続（画面からの入力・機械による処理）", "value": f"{len(acts) - signed - before:,} 件"},
        *(
            [{"label": "本人の鍵が登録される前の手続の署名", "value": f"{_('not recorded')}（{before:,} 件）"}]
            if before
            else []
        ),
        {"label": "二人目が本人の署名で確認した手続", "value": f"{how.count('signature'):,} 件"},
        {"label": "二人目が決裁で確認した手続", "value": f"{how.count('decision'):,} 件"},
        *(
            [{"label": "二人目が合言葉で確認した手続（以前の版）", "value": f"{how.count('passphrase'):,} 件"}]
            if "passphrase" in how
            else []
        ),
        {"label": "決裁番号（文書管理システムと照合すること）", "value": "、".join(decided) or "なし"},
    ]


def _on(facts: Facts, act: str) -> str:
    return f"（{day_alone(facts.done[act].on)}）" if act in facts.done else ""


def _erasure_lines(facts: Facts) -> list[Labelled]:
    record = facts.record("erase_ward_data", WardDataErased)
    if record is None:
        return [*_contractor_lines(facts), *_ward_lines(facts), {"label": "区保有データ", "value": "未廃棄"}]
    return [
        *_contractor_lines(facts),
        *_ward_lines(facts),
        {"label": "区保有データの廃棄日", "value": wareki(facts.done["erase_ward_data"].on)},
        {"label": "検索した範囲", "value": f"{record.scanned_files:,} ファイル、{record.scanned_bytes:,} バイト"},
        {"label": "住民データの検出", "value": f"{record.found:,} 件"},
        {"label": "読み取れなかったもの", "value": f"{record.unread:,} 件（データ廃棄記録に記載）"},
        {"label": "保存するもの", "value": f"通し番号、件数、ハッシュ値及び管理簿（{kept(facts)[0]['until']} まで）"},
        {"label": "鍵・保管ファイル", "value": "存在しないことを確認" if record.absent else "残存"},
    ]
