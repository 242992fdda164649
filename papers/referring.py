"""From year to year on paper: the 付議書, both checklists of measures, and the memorandum for the next in charge.

The words on paper are Japanese. What changed is told against the year before, whose programme is the matter the board
approved.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypedDict, cast

from models import choices
from models.clock import wareki
from models.letter import Moment
from models.programme import Programme
from papers import sheet
from papers.sheet import Document, Sheet
from states.look import Look
from states.reading import year_before
from states.referral import COMPARED, changed
from states.rows import STATES_BY_KEY
from views.documents import documents
from views.incidents import contacts_of, incidents_of
from views.measures import MeasureStanding, judged_on, standings
from views.standing import standing

_POSTERS = {"ward": "区", "contractor": "受託事業者"}
_SIDES = {
    "ward": "チェックリスト（区が行う対策）",
    "contractor": "チェックリスト（受託事業者に行わせる対策）",
}
_ALWAYS = {"enforced": "ソフトウェアが常に強制"}
_PLACES = {"with_ward": "区", "with_contractor": "受託事業者"}
_SAME_MATTER = "前回の付議の範囲内です。"
_NEW_MATTER = "前回の付議の範囲を超える事項があります。新たな付議が必要です。"
_AHEAD = 12  # acts named in the memorandum


class Change(TypedDict):
    """What differs from the matter the board approved."""

    label: str
    was: str
    now: str


class Referral(Document):
    """`referral` 付議書."""

    business: str
    basis: str
    purpose: str
    reason: str
    contractor: str
    items: str
    medium: str
    work: str
    subcontracting: str
    poster: str
    period: str
    number: str
    changes: Sequence[Change]
    verdict: str


class MeasureLine(TypedDict):
    """A measure with its mark, proof and evidence."""

    order: int
    text: str
    mark: str
    proof: str
    standing: str
    evidence: str


class MeasureGroup(TypedDict):
    """The measures of a category."""

    title: str
    rows: Sequence[MeasureLine]


class Checklist(Document):
    """`checklist` チェックリスト of one side, in the order of the source."""

    title: str
    as_of: str
    groups: Sequence[MeasureGroup]
    changes: str


class NextAct(TypedDict):
    """An act that comes next."""

    title: str
    owner: str
    due: Moment
    blocked: str


class HandoverMemo(Document):
    """`handover_memo` 引継書."""

    state: str
    hold: str
    contractor: str
    next: Sequence[NextAct]
    incidents: Sequence[Mapping[str, str]]
    items: Sequence[Mapping[str, str]]
    measures: str
    documents: str
    contacts: Sequence[Mapping[str, str]]


def referral(here: Look) -> Sheet:
    """Return the 付議書 with this year's values and what changed."""
    facts, it = here.facts, here.programme
    data: Referral = {
        "head": sheet.head(facts, f"F-{facts.fiscal_year}-01"),
        "business": it.referral.business,
        "basis": it.referral.basis,
        "purpose": it.referral.purpose,
        "reason": it.referral.reason,
        "contractor": f"{it.contractor.name}（{it.contractor.certificate}）",
        "items": "、".join(it.consignment.items),
        "medium": it.consignment.medium,
        "work": "、".join(it.consignment.work),
        "subcontracting": choices.on_paper(choices.SUBCONTRACTING, it.contractor.subcontracting),
        "poster": _POSTERS[it.consignment.poster],
        "period": f"{it.consignment.period}（次年度以降も同様）",
        "number": it.referral.number,
        "changes": _changes(here),
        "verdict": _NEW_MATTER if facts.differs else _SAME_MATTER,
    }
    return Sheet(programme=it, name="referral", template="referral", data=data)


def checklists(here: Look) -> tuple[Sheet, ...]:
    """Return both checklists in the order of the source; of a closed year they are dated on its closing day."""
    facts, found, as_of = here.facts, standings(here), judged_on(here.facts)
    changes = "、".join(change["label"] for change in _changes(here)) or "なし"

    def sheet_of(number: int, side: str, title: str) -> Sheet:
        mine = [it for it in found if it.measure.side == side]
        data: Checklist = {
            "head": sheet.head(facts, f"Q-{facts.fiscal_year}-{number:02}", on=as_of),
            "title": title,
            "as_of": wareki(as_of),
            "groups": [
                {"title": group, "rows": [_row(it) for it in mine if it.measure.category == group]}
                for group in dict.fromkeys(it.measure.category for it in mine)
            ],
            "changes": changes,
        }
        return Sheet(programme=here.programme, name=f"checklist-{side}", template="checklist", data=data)

    return tuple(sheet_of(number, *side) for number, side in enumerate(_SIDES.items(), start=1))


def handover_memo(here: Look) -> Sheet:
    """Return the 引継書: where the year stands, what comes next, what is open, who is called."""
    facts, stands = here.facts, standing(here)
    open_incidents = [it for it in incidents_of(here) if it.state == "open"]
    data: HandoverMemo = {
        "head": sheet.head(facts, f"J-{facts.fiscal_year}-01"),
        "state": STATES_BY_KEY[facts.state].ja,
        "hold": "一時停止中" if facts.on_hold else "なし",
        "contractor": facts.programme.contractor.name,
        "next": [
            {
                "title": owed.title,
                "owner": owed.owner_title,
                "due": sheet.moment(owed.due_on),
                "blocked": "" if owed in stands.later else "、".join(owed.blocked_by[:1]),
            }
            for owed in (*stands.next, *stands.later)[:_AHEAD]
        ],
        "incidents": [
            {
                "number": f"第{it.number}号",
                "kind": choices.on_paper(choices.INCIDENTS, it.kind),
                "duties": "、".join(it.duties),
            }
            for it in open_incidents
        ],
        "items": [
            {"number": it.number, "kind": choices.on_paper(choices.ITEMS, it.kind), "place": _PLACES[it.state]}
            for it in facts.items
            if it.state in _PLACES
        ],
        "measures": _named(it.measure.id for it in standings(here) if not it.is_kept),
        "documents": _named(
            f"{it.document.number} {it.document.ja}"
            for it in documents(here)
            if it.standing not in {"complete", "no_occasion"}
        ),
        "contacts": [{"name": it.name, "place": it.place, "mail": it.mail} for it in contacts_of(facts)],
    }
    return Sheet(programme=here.programme, name="handover-memo", template="handover_memo", data=data)


PRINTS: Mapping[str, Callable[[Look], Sheet | tuple[Sheet, ...]]] = {
    "referral": referral,
    "checklists": checklists,
    "handover": handover_memo,
}


def _changes(here: Look) -> Sequence[Change]:
    facts = here.facts
    before = year_before(here.connection, facts.programme, facts.fiscal_year)
    if before is None:
        return ()
    return tuple(
        {"label": COMPARED[key][0], "was": _said(key, before), "now": _said(key, facts.programme)}
        for key in changed(facts.programme, before)
    )


def _said(key: str, programme: Programme) -> str:
    value = COMPARED[key][2](programme)
    if isinstance(value, tuple):
        return "、".join(map(str, cast("tuple[object, ...]", value)))
    return choices.on_paper({**_POSTERS, **choices.SUBCONTRACTING}, str(value))


def _row(it: MeasureStanding) -> MeasureLine:
    numbers = sorted({*it.proved_by, *it.contradicted_by, *((it.claim.ledger_seq,) if it.claim else ())})
    entries = f"（{'、'.join(f'第{number}号' for number in numbers)}）" if numbers else ""
    return {
        "order": it.measure.order,
        "text": it.measure.text,
        "mark": "－" if it.standing == "not_applicable" else "○",
        "proof": choices.on_paper(choices.PROOFS, it.measure.proof),
        "standing": choices.on_paper(choices.MEASURES, it.standing),
        "evidence": f"{it.claim.evidence if it.claim else ''}{entries}" or _ALWAYS.get(it.measure.proof, ""),
    }


def _named(names: Iterable[str]) -> str:
    return "、".join(names) or "なし"
