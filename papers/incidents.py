"""What an incident calls for: report to the Commission, notice to the persons, publication; all drafts.

Whether an incident is to be reported is for people to decide; here the heads of the rule and the days are worked out.
The report is an internal draft: it says of every point that was not read in the rules' text that it was not. Notice and
publication are for residents and say nothing of it. What nobody can know yet stays free.
"""

from collections.abc import Sequence
from typing import TypedDict

from sqlalchemy import Row, select
from sqlmodel import col

from models import choices, tables
from models.clock import wareki
from models.letter import Moment
from models.records.transfer import PackageSealed
from models.words import translate
from papers import sheet
from papers.sheet import Document, Sheet, moment
from states import statute
from states.look import Look
from states.reading import aware
from states.rows import STATES_BY_KEY
from states.table import BY_TRIGGER
from views.incidents import Incident, incidents_of

_HEADS = {
    1: "要配慮個人情報が含まれる（規則43条1号）",
    2: "不正利用により財産的被害が生じるおそれ（規則43条2号）",
    3: "不正の目的をもって行われたおそれ（規則43条3号）",
    4: "本人の数が100人を超える（規則43条4号）",
    5: "条例要配慮個人情報が含まれる（規則43条5号）",
}


class Term(TypedDict):
    """A day of the law's clock."""

    label: str
    day: Moment


class ActBefore(TypedDict):
    """An act that was done shortly before an incident."""

    number: int
    at: Moment
    title: str


class ResidentsPaper(Document):
    """`incident_notice` 通知, `incident_publication` 公表文: what residents may read."""

    kind: str
    known_on: Moment
    items: str
    persons: str
    contact: str
    sender: str


class IncidentReport(ResidentsPaper):
    """`incident_report` 報告書, an internal draft."""

    known_at: Moment | None
    contractor_notified_at: Moment | None
    contractors_duty: str
    state: str
    heads: Sequence[str]
    encryption: str
    perhaps_exempt: bool
    clock: Sequence[Term]
    out: Sequence[str]
    before: Sequence[ActBefore]
    ledger_seq: int
    version: str
    unverified: Sequence[str]


def incident_papers(here: Look, seq: int) -> tuple[Sheet, ...]:
    """Return the three papers of the incident that the ledger's entry of this number opened."""
    incident = next(incident for incident in incidents_of(here) if incident.ledger_seq == seq)
    public = _for_residents(here, incident)
    papers = {"report": _report(here, incident, public), "notice": public, "publication": public}
    return tuple(
        Sheet(
            programme=here.programme, name=f"incident-{incident.number}-{name}", template=f"incident_{name}", data=data
        )
        for name, data in papers.items()
    )


def _for_residents(here: Look, incident: Incident) -> ResidentsPaper:
    facts, report, today = here.facts, incident.report, wareki(here.facts.today)
    return {
        "head": sheet.head(facts, f"A-{facts.fiscal_year}-{incident.number:02}"),
        "kind": choices.on_paper(choices.INCIDENTS, incident.kind),
        "known_on": moment(incident.known_on),
        "items": "、".join(facts.programme.consignment.items),
        "persons": f"{report.persons:,} 人（{today} 現在）" if report and report.persons else "",
        "contact": facts.programme.sections.contact,
        "sender": facts.programme.sections.sender,
    }


def _report(here: Look, incident: Incident, public: ResidentsPaper) -> IncidentReport:
    facts, clock = here.facts, incident.clock
    sealed = facts.record("seal_package", PackageSealed)
    return {
        **public,
        "known_at": moment(incident.known_at) if incident.known_at else None,
        "contractor_notified_at": moment(incident.contractor_notified_at) if incident.contractor_notified_at else None,
        "contractors_duty": translate(statute.CONTRACTORS_DUTY, "ja"),
        "state": STATES_BY_KEY[facts.state].ja,
        "heads": [_HEADS[number] for number in incident.heads],
        "encryption": choices.on_paper(choices.ENCRYPTIONS, sealed.algorithm) if sealed else "",
        "perhaps_exempt": incident.perhaps_exempt,
        "clock": [
            {"label": "知った日（1日目）", "day": moment(clock.known_on)},
            {"label": "速報（3日目）", "day": moment(clock.prompt_from)},
            {"label": "速報（5日目まで）", "day": moment(clock.prompt_by)},
            {"label": f"確報（{clock.days}日目）", "day": moment(clock.final_by)},
        ] if clock else [],
        "out": [
            f"{choices.on_paper(choices.ITEMS, item.kind)}　{item.number}" for item in facts.items_in("with_contractor")
        ],
        "before": [
            {"number": row.ledger_seq, "at": moment(aware(row.occurred_at)), "title": BY_TRIGGER[row.act].ja}
            for row in _last_entries(here, incident.ledger_seq)
        ],
        "ledger_seq": incident.ledger_seq,
        "version": statute.VERSION,
        "unverified": list(statute.unverified(facts.programme.statute)),
    }  # fmt: skip


def _last_entries(here: Look, seq: int) -> Sequence[Row[tables.Record]]:
    """Return the last acts before the incident: where it happened is usually among them."""
    record = tables.Record
    query = (
        select(record)
        .where(col(record.cycle_id) == here.cycle_id, col(record.ledger_seq) < seq, col(record.status) == "done")
        .order_by(col(record.ledger_seq).desc())
        .limit(5)
    )
    return here.connection.execute(query).all()[::-1]
