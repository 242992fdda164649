"""The pull list (引抜きリスト): serials only, with reasons that tell the contractor nothing about anybody."""

from collections.abc import Sequence
from typing import TypedDict

from models.letter import Moment
from models.records.enclosing import PullListIssued
from models.serials import expand
from papers.sheet import Document, Sheet, head, moment, names_of
from states.look import Look


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
    data: PullList = {
        "head": head(facts, f"H-{facts.fiscal_year}-{2 if final else 1:02}"),
        "contractor": facts.programme.contractor.name,
        "list_number": "最終" if final else "第1回",
        "stage": "封入封緘後" if final else "封入前",
        "acknowledge_by": moment(facts.due[acknowledge]),
        "rows": [{"serial": f"{serial:07}", "code": code} for serial in expand(record.pulled)],
        "sealed": final and bool(record.pulled),
        "codes": [{"code": code, "meaning": f"差止め {count}件"} for code, count in sorted(record.reasons.items())],
        "made_by": names_of(facts).get(facts.done[act].by, ""),
    }
    return Sheet(programme=here.programme, name=f"pull-list-{2 if final else 1}", template="pull_list", data=data)
