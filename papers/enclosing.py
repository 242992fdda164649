"""The pull list (引抜きリスト), whose reasons tell nothing; and how surely letters are in their envelopes."""

from collections.abc import Sequence
from typing import TypedDict

from models import choices
from models.letter import Moment
from models.records.enclosing import EnclosingReported, PullListIssued
from models.serials import count, expand, union
from papers.sheet import Document, Labelled, Sheet, head, moment, names_of
from states.facts import Facts
from states.look import Look
from states.rules.conservation import integrity_shown


class Pull(TypedDict):
    """A serial to be pulled, with a reason code that tells the contractor nothing about the person."""

    serial: str
    code: str


class Code(TypedDict):
    """What a neutral reason code means."""

    code: str
    meaning: str


class PullList(Document):
    """`pull_list` 引抜きリスト: serials only."""

    contractor: str
    list_number: str
    stage: str
    acknowledge_by: Moment | None
    rows: Sequence[Pull]
    codes: Sequence[Code]
    made_by: str
    sealed: bool


def pull_list(here: Look, act: str) -> Sheet:
    """Return the list that an act issued last: before the enclosing, or the final one."""
    facts, final = here.facts, act == "issue_final_pull_list"
    record = PullListIssued.model_validate_json(facts.done[act].data)
    acknowledge = "acknowledge_final_pull_list" if final else "acknowledge_pull_list"
    # Which code belongs to which serial only the register section knows: it is printed where there is but one.
    code = next(iter(record.reasons)) if len(record.reasons) == 1 else ""
    unit = "通" if final else "枚"  # they are sealed by then
    data: PullList = {
        "head": head(facts, f"H-{facts.fiscal_year}-{2 if final else 1:02}"),
        "contractor": facts.programme.contractor.name,
        "list_number": "最終" if final else "第1回",
        "stage": "封入封緘後" if final else "封入前",
        "acknowledge_by": moment(facts.due[acknowledge]),
        "rows": [{"serial": f"{serial:07}", "code": code} for serial in expand(record.pulled)],
        "sealed": final and bool(record.pulled),
        "codes": [
            {"code": code, "meaning": f"差止め {number}{unit}"} for code, number in sorted(record.reasons.items())
        ],
        "made_by": names_of(facts).get(facts.done[act].by, ""),
    }
    return Sheet(programme=here.programme, name=f"pull-list-{2 if final else 1}", template="pull_list", data=data)


NOT_SHOWN = "記録なし"


def integrity_lines(facts: Facts) -> list[Labelled]:
    """Return how surely each letter is in its envelope, in the words of the trade; a check without a record is none."""
    shown = integrity_shown(facts)
    if not shown:
        return []
    past = facts.past("report_enclosing", EnclosingReported)
    counted, sealed = sum(report.record.machine_count for report in past), union(*(it.record.sealed for it in past))
    scanned = {"output": "出口で読取り", "input_output": "入口及び出口で読取り"}.get(shown, NOT_SHOWN)
    return [
        {"label": "封入照合の水準", "value": choices.on_paper(choices.INTEGRITY, shown)},
        {"label": "管理番号", "value": "案内状ごとに付番（通し番号）"},
        {"label": "員数確認", "value": f"封緘 {count(sealed):,}通（機械の計数 {counted:,}）"},
        {"label": "自動照合", "value": scanned},
        {"label": "重量検査・画像検査", "value": NOT_SHOWN},  # no act of a year tells of one
    ]


def integrity_said(facts: Facts) -> str:
    """Return the same in one text for a form: the level, and what it stands on; "" before the enclosing is reported."""
    lines = integrity_lines(facts)
    told = "、".join(f"{line['label']} {line['value']}" for line in lines[1:])
    return f"{lines[0]['value']}（{told}）" if lines else ""
