"""The contractor's erasure report (消去報告書) and the ward's own erasure record (データ廃棄記録)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypedDict

from sqlalchemy import func, select
from sqlmodel import col

from models import choices, tables
from models.letter import Moment
from models.records.base import ActRecord
from models.records.erasure import CopyErased, ErasureReported, ItemKept, ItemsDestroyed, WardDataErased, YearClosed
from models.records.transfer import CopyMade
from models.words import _
from papers.media_return import ELSEWHERE
from papers.movements import contents
from papers.sheet import Document, Labelled, Sheet, day_alone, head, manager_of, moment, names_of
from states.facts import Facts
from states.look import Look
from states.rules.erasure import registered_copies

_CLEARED = "上書き消去・再編成（secure_delete、VACUUM）"
_UNREAD_SHOWN = 20
_WHY_UNREAD = {
    "encrypted": "暗号化", "compressed": "圧縮", "nested": "入れ子の書庫", "damaged": "破損", "denied": "権限なし",
    "vanished": "検索中に消失", "device": "装置", "unreadable": "読取り不可",
}  # fmt: skip


class Erased(TypedDict):
    """One thing that was erased: what, where, how, when, by whom."""

    what: str
    where: str
    method: str
    erased_at: Moment | None
    by: str


class ErasedCopy(Erased):
    """A copy of the register of copies: its number, what it lay on, with what it was erased, before whom."""

    number: str
    storage: str
    tool: str
    witness: str


class ErasureReport(Document):
    """`erasure_report` 消去報告書: the contractor's, with the places pre-filled."""

    contractor: str
    manager: str
    items: Sequence[ErasedCopy]
    subcontracting: str
    operator: str
    witness: str


class Key(TypedDict):
    """What became of the key of the cycle."""

    treatment: str
    destroyed_at: Moment | None
    by: str


class Kept(TypedDict):
    """What stays after the erasure, where, and until when."""

    what: str
    where: str
    until: str


class ErasureRecord(Document):
    """`erasure_record` データ廃棄記録: the ward's own."""

    items: Sequence[Erased]
    key: Key
    scan: Sequence[Labelled]
    unread: Sequence[str]
    unread_more: int
    kept: Sequence[Kept]
    operator: str
    witness: str
    approver: str


def erasure_report(here: Look) -> Sheet:
    """Return the contractor's report: every registered copy with its place, filled in once it is reported."""
    facts = here.facts
    record, done = facts.record("report_erasure", ErasureReported), facts.done.get("report_erasure")
    register, names = registered_copies(facts), names_of(facts)
    erased = {
        copy.copy_number: copy for past in facts.past("report_erasure", ErasureReported) for copy in past.record.copies
    }
    numbers = dict.fromkeys([*erased, *(copy.number for copy in facts.copies_in(*ELSEWHERE))])
    first = record.copies[0] if record and record.copies else None
    data: ErasureReport = {
        "head": head(facts, f"Z-{facts.fiscal_year}-01", on=done.on if done else None),
        "contractor": facts.programme.contractor.name,
        "manager": manager_of(facts),
        "items": [_erased_copy(number, register.get(number), erased.get(number), names) for number in numbers],
        "subcontracting": "なし" if facts.programme.contractor.subcontracting == "none" else "あり",
        "operator": names.get(first.erased_by, first.erased_by) if first else "",
        "witness": names.get(first.witness, first.witness) if first else "",
    }
    return Sheet(programme=here.programme, name="erasure-report", template="erasure_report", data=data)


def _erased_copy(number: str, copy: CopyMade | None, erased: CopyErased | None, names: Mapping[str, str]) -> ErasedCopy:
    return {
        "number": number,
        "what": choices.on_paper(choices.COPIES, copy.kind) if copy else "",
        "where": copy.place if copy else "",
        "storage": choices.on_paper(choices.STORAGES, copy.lies_on) if copy and copy.lies_on else "",
        "method": choices.on_paper(choices.METHODS, erased.method) if erased else "",
        "tool": erased.tool if erased else "",
        "erased_at": moment(erased.erased_at) if erased else None,
        "by": names.get(erased.erased_by, erased.erased_by) if erased else "",
        "witness": names.get(erased.witness, erased.witness) if erased else "",
    }


def erasure_record(here: Look) -> Sheet:
    """Return the ward's own erasure record."""
    facts = here.facts
    done = facts.done["erase_ward_data"]
    record = WardDataErased.model_validate_json(done.data)
    when, who = moment(done.occurred_at), names_of(facts).get(done.by, "")
    in_file = here.connection.dialect.name == "sqlite"  # only there is anything of it cleared
    sealed = _packages_erased(here)

    def erased(what: str, where: str, method: str = "上書き・削除") -> Erased:
        return {"what": what, "where": where, "method": method, "erased_at": when, "by": who}

    data: ErasureRecord = {
        "head": head(facts, f"E-{facts.fiscal_year}-01", on=done.on),
        "items": [
            erased(f"対象者データ {record.vault_files_destroyed} ファイル", "保管庫"),
            *([erased(f"暗号化パッケージの控え {sealed} ファイル", "出力フォルダー")] if sealed else []),
            *_destroyed(facts),
            *([erased("空き領域", "業務データベース", _CLEARED)] if in_file else []),
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
        "kept": kept(facts),
        "operator": who,
        "witness": "",
        "approver": "",
    }  # fmt: skip
    return Sheet(programme=here.programme, name="erasure-record", template="erasure_record", data=data)


def _destroyed(facts: Facts) -> list[Erased]:
    """Return the things that the ward has destroyed, by kind and number, one line a destruction."""
    names, inside = names_of(facts), contents(facts)
    return [
        {
            "what": f"{inside.numbered(record.items)}（{'、'.join(record.items)}）",
            "where": f"票 {record.slip}" if record.slip else "区",
            "method": record.method,
            "erased_at": moment(record.destroyed_on),
            "by": f"立会人 {names.get(record.witness, record.witness)}",
        }
        for record in (past.record for past in facts.past("destroy_items", ItemsDestroyed))
    ]


def _if_any(record: ActRecord, field: str, label: str, value: str) -> list[Labelled]:
    """Return the line of a field, none where it holds nothing; an older version's record may not know the field."""
    if not record.holds(field):
        return [{"label": label, "value": _("not recorded")}]
    return [{"label": label, "value": value}] if getattr(record, field) else []


def _packages_erased(here: Look) -> int:
    """Return how many copies of sealed packages lay at the ward and were erased with the rest."""
    item = tables.Item
    query = select(func.count()).where(
        col(item.cycle_id) == here.cycle_id, col(item.content).startswith("sealed_"), col(item.state) == "erased"
    )
    return here.connection.execute(query).scalar_one()


def _unread(place: str) -> str:
    where, _colon, reason = place.rpartition(": ")
    return f"{where}（{_WHY_UNREAD.get(reason, reason)}）"


def kept(facts: Facts) -> list[Kept]:
    """Return what stays after the erasure and until when: only what the close lists says who anybody is."""
    closed = facts.record("close", YearClosed)
    # The retention period: years of the programme, counted from the following fiscal year.
    last = date(facts.fiscal_year + 1 + facts.programme.retention.years, 3, 31)
    until = day_alone(date.fromisoformat(closed.keep_until) if closed else last)
    listed: tuple[ItemKept, ...] = closed.kept if closed else ()
    return [
        *(
            Kept(what=what, where=where, until=until)
            for what, where in (
                ("通し番号及び件数", "業務データベース"),
                ("ファイルのハッシュ値（SHA-256）", "業務データベース"),
                ("管理簿及び検証値", "業務データベース・押印した票"),
                ("書類の控え（対象者の記載のないもの）", "文書の保管先"),
            )
        ),
        *(
            Kept(what=f"{said_of(facts, it.item)}（{it.reason}）", where="区", until=day_alone(it.until))
            for it in listed
        ),
    ]


def said_of(facts: Facts, number: str) -> str:
    """Return what an item is, and how many of what unit lie in it."""
    kind = choices.on_paper(choices.ITEMS, facts.kind_of(number))
    return f"{kind}　{number}　{contents(facts).numbered([number])}"
