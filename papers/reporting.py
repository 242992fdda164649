"""The year on paper: the ward's erasure record and the report. The words on paper are Japanese."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlmodel import col

from models import choices, tables
from models.clock import wareki
from models.database import reading
from models.people import Side
from models.records.base import ActRecord
from models.records.erasure import ErasureReported, WardDataErased, YearClosed
from models.records.media_return import ItemsReturned
from models.records.oversight import IncidentSettled
from models.words import _, speaking
from states import ledger
from states.facts import Facts
from states.rows import STATES
from states.table import BY_TRIGGER, TABLE
from steps.office import Office
from steps.papers import facts_of, head, lines_of, moment, names_of, put
from views.counting import Counts, counts
from views.measures import Standing, standings
from views.supervision import lines, supervision

_UNREAD_SHOWN = 20
_WHY_UNREAD = {
    "encrypted": "暗号化", "compressed": "圧縮", "nested": "入れ子の書庫", "damaged": "破損", "denied": "権限なし",
    "vanished": "検索中に消失", "device": "装置", "unreadable": "読取り不可",
}  # fmt: skip
_STATES = {state.key: state.ja for state in STATES}
_EVENTS = {row.event for row in TABLE}


def print_erasure_record(office: Office, cycle_id: str) -> Path:
    """Print the ward's own erasure record."""
    return put(office, "erasure-record", erasure_record(office, cycle_id))


@speaking("ja")
def erasure_record(office: Office, cycle_id: str) -> bytes:
    """Return the ward's own erasure record as PDF."""
    facts = facts_of(office, cycle_id)
    record, done = facts.record("erase_ward_data", WardDataErased), facts.done["erase_ward_data"]
    if record is None:
        raise RuntimeError
    when, names = moment(done.occurred_at), names_of(facts)
    who = names.get(done.by, "")
    done_by = {"erased_at": when, "by": who}
    in_file = office.engine.dialect.name == "sqlite"  # only there is anything of it cleared
    overwritten, cleared = "上書き・削除", "上書き消去・再編成（secure_delete、VACUUM）"
    free_pages = {"what": "空き領域", "where": "業務データベース", "method": cleared}
    stored = f"対象者データ {record.vault_files_destroyed} ファイル"
    sealed = _packages_erased(office, cycle_id)
    packages = {"what": f"暗号化パッケージの控え {sealed} ファイル", "where": "出力フォルダー"}
    data: dict[str, Any] = {
        "head": head(facts, f"E-{facts.fiscal_year}-01", on=done.on),
        "items": [
            {"what": stored, "where": "保管庫", "method": overwritten} | done_by,
            *([packages | {"method": overwritten} | done_by] if sealed else []),
            *([free_pages | done_by] if in_file else []),
        ],
        "key": {"treatment": f"年度の暗号鍵及び控え {record.keys_destroyed} 件を破棄", "destroyed_at": when, "by": who},
        "scan": [
            {"label": "検索語", "value": f"{record.needles:,} 語（住所・宛名番号・氏名）"},
            {"label": "検索したファイル", "value": f"{record.scanned_files:,} 件、{record.scanned_bytes:,} バイト"},
            *_if_any(record, "scanned_tables", "検索した表", f"{record.scanned_tables:,} 表"),
            {"label": "検出", "value": f"{record.found:,} 件"},
            {"label": "読み取れなかったもの", "value": f"{record.unread:,} 件"},
            *_if_any(record, "namesakes", "同姓同名の関係者（二名で確認済み）", f"{len(record.namesakes):,} 名"),
        ],
        "unread": [_unread(place) for place in record.unread_places[:_UNREAD_SHOWN]],
        "unread_more": max(0, record.unread - _UNREAD_SHOWN),
        "kept": _kept(facts),
        "operator": who,
        "witness": "",
        "approver": "",
    }  # fmt: skip
    return office.press(facts.programme).make("erasure_record", data)


def _if_any(record: ActRecord, field: str, label: str, value: str) -> list[dict[str, str]]:
    """Return the line of a field, none where it holds nothing; an older version's record may not know the field."""
    if not record.holds(field):
        return [{"label": label, "value": _("not recorded")}]
    return [{"label": label, "value": value}] if getattr(record, field) else []


def _packages_erased(office: Office, cycle_id: str) -> int:
    """Return how many copies of sealed packages lay at the ward and were erased with the rest."""
    item = tables.Item
    query = select(func.count()).where(
        col(item.cycle_id) == cycle_id, col(item.content).startswith("sealed_"), col(item.state) == "erased"
    )
    with reading(office.engine) as connection:
        return connection.execute(query).scalar_one()


def _unread(place: str) -> str:
    where, _colon, reason = place.rpartition(": ")
    return f"{where}（{_WHY_UNREAD.get(reason, reason)}）"


def _kept(facts: Facts) -> list[dict[str, str]]:
    """Return what stays after the erasure and until when: nothing of it says who anybody is."""
    closed = facts.record("close", YearClosed)
    until = _day(date.fromisoformat(closed.keep_until if closed else kept_until(facts)))
    return [
        {"what": what, "where": where, "until": until}
        for what, where in (
            ("通し番号及び件数", "業務データベース"),
            ("ファイルのハッシュ値（SHA-256）", "業務データベース"),
            ("管理簿及び検証値", "業務データベース・押印した票"),
            ("書類の控え（対象者の記載のないもの）", "文書の保管先"),
        )
    ]


def kept_until(facts: Facts) -> str:
    """Return the last day of the retention period: years of the programme, counted from the following fiscal year."""
    return date(facts.fiscal_year + 1 + facts.programme.retention.years, 3, 31).isoformat()


def print_report(office: Office, cycle_id: str) -> Path:
    """Print the year's report."""
    return put(office, "report", report(office, cycle_id))


@speaking("ja")
def report(office: Office, cycle_id: str) -> bytes:
    """Return the year's report as PDF: of a closed year always the same bytes, dated on its closing day."""
    facts = facts_of(office, cycle_id)
    table = office.see(cycle_id, counts)
    with reading(office.engine) as connection:
        size, note = sealed_at(connection, cycle_id)
        root = ledger.root(connection, size).hex()
        acts, incidents = _acts(connection, cycle_id), _incidents(connection, facts)
        signing = _signing_lines(connection, cycle_id, size)
    closed = facts.done.get("close")
    data: dict[str, Any] = {
        "head": head(facts, f"R-{facts.fiscal_year}", on=closed.on if closed else None),
        "contractor": facts.programme.contractor.name,
        "state": _STATES[facts.state],
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
        "notes": list(table.notes),
        "schedule": [_planned(row, office) for row in acts if row.flag != "dropped"],
        "overdue": [_overdue(row, office, cycle_id) for row in acts if _was_late(row)],
        "incidents": incidents,
        "measures": _measure_lines(office.see(cycle_id, standings)),
        "supervision": lines(office.see(cycle_id, supervision)),
        "erasure": _erasure_lines(facts),
        "signing": signing,
        "ledger": {"entries": f"{size:,}", "root": root, "checkpoint": lines_of(note)},
        "coordinator": "",
        "approver": "",
    }
    return office.press(facts.programme).make("report", data)


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


# The picture of the year: a stage, what joins before it, what leaves after it.
_FLOW = (
    ("raw_hits", (), ("excluded", "held")),
    ("exported", (), ("pulled_transfer",)),
    ("received", (), ("pulled_printing",)),
    ("printed", ("added",), ("pulled_sealing",)),
    ("enclosed", (), ("pulled_sealed",)),
    ("posted", (), ("returned",)),
)


def _flow(table: Counts) -> list[dict[str, Any]]:
    lines = {line.key: line for line in table.lines}

    def branches(keys: tuple[str, ...]) -> list[dict[str, str]]:
        here = [lines[key] for key in keys if key in lines and lines[key].count]
        return [{"label": _BRANCHES.get(line.key, line.ja), "count": f"{line.count:,}"} for line in here]

    return [
        {
            "label": lines[key].ja, "count": f"{lines[key].count:,}", "differs": bool(lines[key].differs_by),
            "joins": branches(joins), "leaves": branches(leaves),
        }
        for key, joins, leaves in _FLOW
    ]  # fmt: skip


_BRANCHES = {
    "added": "追加",
    "pulled_transfer": "引抜き",
    "pulled_printing": "引抜き",
    "pulled_sealing": "引抜き",
    "pulled_sealed": "引抜き",
}


def _acts(connection: Connection, cycle_id: str) -> Sequence[Row[tuple[tables.Act]]]:
    act = tables.Act
    return connection.execute(select(act).where(col(act.cycle_id) == cycle_id).order_by(col(act.planned_on))).all()


def _incidents(connection: Connection, facts: Facts) -> list[dict[str, str]]:
    incident, entry = tables.Incident, tables.Ledger
    query = (
        select(incident, col(entry.entry))
        .join(entry, col(entry.seq) == col(incident.ledger_seq))
        .where(col(incident.cycle_id) == facts.cycle_id)
        .order_by(col(incident.id))
    )
    settled = {it.record.incident: it.record.decision_number for it in facts.past("settle_incident", IncidentSettled)}
    return [
        {
            "number": str(row.id),
            "on": str(row.known_on),
            "title": f"{choices.on_paper(choices.INCIDENTS, row.kind)}　{_about(row.entry)}"
            f"（管理簿 第{row.ledger_seq}号）",
            "outcome": f"終結（決裁 {settled[row.id]}）" if row.id in settled else "対応中",
        }
        for row in connection.execute(query)
    ]


def _about(entry: str) -> str:
    """Return what an incident is about, by the entry that opened it: the act that went wrong, the item, the persons."""
    data: dict[str, Any] = json.loads(entry)["data"]
    record: dict[str, Any] = data.get("record", {})
    if data.get("act") in BY_TRIGGER:
        return BY_TRIGGER[data["act"]].ja
    return str(record.get("item") or (f"本人の数 {record['persons']:,} 人" if record.get("persons") else ""))


def _planned(row: Row[tuple[tables.Act]], office: Office) -> dict[str, str]:
    late = office.calendar.open_days_between(row.planned_on, row.done_on) if row.done_on else 0
    return {
        "title": BY_TRIGGER[row.act].ja,
        "owner": Side(row.owner).label,
        "planned": str(row.planned_on),
        "actual": str(row.done_on or ""),
        "difference": f"{late:+d}" if late else "",
    }


def _was_late(row: Row[tuple[tables.Act]]) -> bool:
    return row.flag in {"overdue", "escalated"} or bool(row.done_on and row.done_on > row.due_on)


def _overdue(row: Row[tuple[tables.Act]], office: Office, cycle_id: str) -> dict[str, str]:
    reminder = tables.Reminder
    sent = select(func.count()).where(
        col(reminder.cycle_id) == cycle_id, col(reminder.act) == row.act, col(reminder.state) == "sent"
    )
    with reading(office.engine) as connection:
        reminders = connection.execute(sent).scalar_one()
    return {
        "title": BY_TRIGGER[row.act].ja,
        "owner": Side(row.owner).label,
        "due": str(row.due_on),
        "done": str(row.done_on or ""),
        "reminders": str(reminders),
    }


def _measure_lines(found: Sequence[Standing]) -> list[dict[str, str]]:
    """Return the measures by side: kept, open, or without an occasion in this year."""
    lines: list[dict[str, str]] = []
    for side, label in (("ward", "区の対策"), ("contractor", "受託事業者の対策")):
        mine = [it for it in found if it.measure.side == side]
        idle = sum(it.standing in {"no_occasion", "not_applicable"} for it in mine)
        kept = sum(it.is_kept for it in mine) - idle
        lines.append({
            "label": label, "total": str(len(mine)), "kept": str(kept), "not_applicable": str(idle),
            "open": str(len(mine) - kept - idle),
        })  # fmt: skip
    return lines


def _contractor_lines(facts: Facts) -> list[dict[str, str]]:
    """Return what came back from the contractor, what is lost, and what he reported erased."""
    back = {number for _at, it in facts.every(ItemsReturned, "return_items") for number in it.items}
    erased = {
        it.copy_number for _at, told in facts.every(ErasureReported, "report_erasure") for it in told.copies
    }  # fmt: skip
    out, lost = facts.things_in("with_contractor", "with_subcontractor"), facts.things_in("lost")
    left = facts.copies_in("with_contractor", "with_subcontractor")
    return [
        {"label": "返却された媒体・紙・パスワード通知書", "value": f"{len(back):,} 点{_on(facts, 'return_items')}"},
        {"label": "返却されていないもの", "value": "、".join(it.number for it in out) or "なし"},
        *([{"label": "紛失したもの", "value": "、".join(it.number for it in lost)}] if lost else []),
        {"label": "受託者が消去した複製", "value": f"{len(erased):,} 件{_on(facts, 'report_erasure')}"},
        {"label": "消去されていない複製", "value": "、".join(it.number for it in left) or "なし"},
    ]


def _approved(said: Mapping[str, str], seq: int) -> str:
    """Return an approval as it stands in the report; the day stands where an act tells it."""
    on = f"決裁日 {said['decided_on']}、" if said.get("decided_on") else ""
    return f"{said['decision_number']}（{on}管理簿 第{seq}号）"


def _signing_lines(connection: Connection, cycle_id: str, size: int) -> list[dict[str, str]]:
    """Return how many acts are signed, how the second persons confirmed, and every approval, to be compared.

    Before the first key was given nobody could sign, whatever the version: such acts are told apart.
    """
    entry = tables.Ledger
    given = select(func.min(col(entry.seq))).where(col(entry.event) == BY_TRIGGER["give_key"].event)
    keyed_from = connection.execute(given).scalar() or size + 1
    query = select(col(entry.event), col(entry.entry)).where(col(entry.cycle_id) == cycle_id, col(entry.seq) <= size)
    told = [json.loads(it.entry) for it in connection.execute(query.order_by(col(entry.seq))) if it.event in _EVENTS]
    acts = [it for it in told if "record" in it["data"]]  # what a deviation broke is told beside the act, without one
    signed = sum("signature" in it["data"] for it in acts)
    before = sum(it["seq"] < keyed_from for it in acts)
    how = [it["data"].get("confirmed_how", "") for it in acts]
    decided = [
        _approved(said, it["seq"])
        for it in acts
        for said in (it["data"], it["data"]["record"])
        if "decision_number" in said
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
    return f"（{_day(facts.done[act].on)}）" if act in facts.done else ""


def _day(day: date) -> str:
    """Return a date without its day of the week, for where it stands in brackets itself."""
    return wareki(day).partition("（")[0]


def _erasure_lines(facts: Facts) -> list[dict[str, str]]:
    record = facts.record("erase_ward_data", WardDataErased)
    if record is None:
        return [*_contractor_lines(facts), {"label": "区保有データ", "value": "未廃棄"}]
    return [
        *_contractor_lines(facts),
        {"label": "区保有データの廃棄日", "value": wareki(facts.done["erase_ward_data"].on)},
        {"label": "検索した範囲", "value": f"{record.scanned_files:,} ファイル、{record.scanned_bytes:,} バイト"},
        {"label": "住民データの検出", "value": f"{record.found:,} 件"},
        {"label": "読み取れなかったもの", "value": f"{record.unread:,} 件（データ廃棄記録に記載）"},
        {"label": "保存するもの", "value": f"通し番号、件数、ハッシュ値及び管理簿（{_kept(facts)[0]['until']} まで）"},
        {"label": "鍵・保管ファイル", "value": "存在しないことを確認" if record.absent else "残存"},
    ]
