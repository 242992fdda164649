"""Supervision: the certificate, consent to subcontractors, clouds, inspections, and what they found (W-OP-01 to 03)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol, get_args

from models.people import Role, Side
from models.records import supervision
from models.records.preparation import (
    CertificateRenewed,
    ContactsConfirmed,
    ContractConcluded,
    HandlersRegistered,
    ReadinessConfirmed,
)
from states.effects import Effect, OweAct
from states.facts import Facts, Past, Shortfall, Verdict
from states.rows import APPROVERS, COORDINATOR, IN_PRODUCTION, LIVE, MANAGER, PREPRESS, Row
from states.rules.base import agree, claims, claims_of, none_of, registered
from states.rules.dates import dated_after, on_an_open_day


@dataclass(frozen=True, kw_only=True)
class Subcontractor:
    """A subcontractor as declared last, and the consent given after that declaration, if any."""

    declared: supervision.SubcontractorDeclared
    declared_seq: int
    consent: supervision.SubcontractingConsented | None
    consent_seq: int

    @property
    def may_work(self) -> bool:
        """Tell whether the ward has consented, and the declaration still stands."""
        return self.consent is not None and not self.declared.withdrawn


@dataclass(frozen=True, kw_only=True)
class FoundAt:
    """A finding under its number in the year: where it was found, by which entry, and how it was put right."""

    number: int
    finding: supervision.InspectionFinding
    found_at: str
    found_on: date
    seq: int
    settled: supervision.FindingSettled | None = None


class Checked(Protocol):
    """What brings findings: an inspection of the ward's, or the contractor's own check."""

    @property
    def findings(self) -> int: ...

    @property
    def found(self) -> tuple[supervision.InspectionFinding, ...]: ...

    @property
    def seen_on(self) -> date: ...


def subcontractors(facts: Facts) -> tuple[Subcontractor, ...]:
    """Return every declared subcontractor in the order of the first declaration; a new declaration asks anew."""
    last = {past.record.name: past for past in facts.past("declare_subcontractor", supervision.SubcontractorDeclared)}
    consents = facts.past("consent_to_subcontracting", supervision.SubcontractingConsented)
    given = {
        past.record.name: past
        for past in consents
        if past.record.name in last and past.seq > last[past.record.name].seq
    }
    return tuple(
        Subcontractor(
            declared=past.record,
            declared_seq=past.seq,
            consent=given[name].record if name in given else None,
            consent_seq=given[name].seq if name in given else 0,
        )
        for name, past in last.items()
    )


def findings(facts: Facts) -> tuple[FoundAt, ...]:
    """Return what the inspections and self-checks of the year found, numbered as it was found."""
    inspected = facts.past("inspect_contractor", supervision.ContractorInspected)
    told = facts.past("report_status", supervision.StatusReported)
    settled = {past.record.finding: past.record for past in facts.past("settle_finding", supervision.FindingSettled)}
    where = [
        *((past.seq, past.record, past.record.subcontractor) for past in inspected),
        *((past.seq, past.record, "") for past in told),
    ]
    pairs = [
        (seq, record.seen_on, place, finding)
        for seq, record, place in sorted(where, key=lambda it: it[0])
        for finding in record.found
    ]
    return tuple(
        FoundAt(number=number, finding=finding, found_at=place, found_on=found_on, seq=seq, settled=settled.get(number))
        for number, (seq, found_on, place, finding) in enumerate(pairs, start=1)
    )


def open_findings(facts: Facts) -> tuple[FoundAt, ...]:
    """Return the findings that are not put right yet."""
    return tuple(found for found in findings(facts) if found.settled is None)


def may_subcontract(facts: Facts) -> bool:
    """Tell whether anything may be with a subcontractor: there is one, and the ward has consented to whoever it is."""
    declared = [subcontractor for subcontractor in subcontractors(facts) if not subcontractor.declared.withdrawn]
    return bool(declared) and all(subcontractor.may_work for subcontractor in declared)


@claims(owes="consent_to_subcontracting", proves=("W-OP-03", "C-OP-03"))
def every_subcontractor_has_consent(facts: Facts) -> Verdict:
    """Every declared subcontractor has the ward's prior written consent, or is withdrawn."""
    without = (
        subcontractor.declared
        for subcontractor in subcontractors(facts)
        if not subcontractor.may_work and not subcontractor.declared.withdrawn
    )
    return none_of((declared.name for declared in without), "、")


@claims(owes="declare_subcontractor", proves=("W-OP-03", "C-OP-03"))
def subcontractors_are_named(facts: Facts) -> Verdict:
    """Where the contractor declares that he subcontracts, each subcontractor is declared by name."""
    notice = facts.record("register_handlers", HandlersRegistered)
    return notice is None or notice.subcontracting == "none" or bool(subcontractors(facts))


@claims_of(supervision.SubcontractingConsented)
def consent_is_to_a_declared_one(facts: Facts, record: supervision.SubcontractingConsented) -> Verdict:
    """The consent names a subcontractor as he was declared, and not one withdrawn."""
    declared = [
        subcontractor.declared.name for subcontractor in subcontractors(facts) if not subcontractor.declared.withdrawn
    ]
    return record.name in declared or Shortfall(names="、".join(declared) or "–")


@claims_of(supervision.SubcontractingConsented, owes="declare_subcontractor", proves=("W-OP-03", "C-OP-03"))
def subcontract_allows_inspections(facts: Facts, record: supervision.SubcontractingConsented) -> Verdict:
    """The subcontract lets the ward inspect on site."""
    return all(
        subcontractor.declared.inspection_clause
        for subcontractor in subcontractors(facts)
        if subcontractor.declared.name == record.name
    )


@claims_of(supervision.SubcontractingConsented, owes="record_referral")
def subcontracting_was_referred(facts: Facts, _record: supervision.SubcontractingConsented) -> Verdict:
    """The board approved a matter with subcontracting, or its new referral is recorded."""
    return facts.programme.contractor.subcontracting != "none" or "record_referral" in facts.done


@claims_of(supervision.CloudUseDeclared, proves=("W-OP-01", "C-OP-01"))
def cloud_follows_the_guideline(_facts: Facts, record: supervision.CloudUseDeclared) -> Verdict:
    """Whatever cloud service is used follows the guideline of the Ministry (総務省), by a statement on file."""
    return not record.service or (record.guideline_followed and bool(record.statement))


@claims_of(supervision.CloudUseDeclared)
def servers_stand_under_japanese_law(_facts: Facts, record: supervision.CloudUseDeclared) -> Verdict:
    """The servers stand where Japanese law applies."""
    return record.under_japanese_law


@claims_of(supervision.CloudUseDeclared)
def servers_stand_in_a_prefecture(_facts: Facts, record: supervision.CloudUseDeclared) -> Verdict:
    """The servers stand in Japan, in a prefecture of the list; another place is declared by itself."""
    return record.server_place in get_args(supervision.Prefecture)


@claims(owes="declare_cloud_use", proves=("W-OP-01", "C-OP-01", "C-SY-11"))
def cloud_use_is_declared(facts: Facts) -> Verdict:
    """The contractor has declared which cloud service is used, or that none is."""
    return any(
        past.record.side == "contractor" for past in facts.past("declare_cloud_use", supervision.CloudUseDeclared)
    )


@claims(owes="renew_certificate", proves=("C-OP-01",), paper=1)
def certificate_is_in_force(facts: Facts) -> Verdict:
    """The certificate of the contractor has not lapsed; the renewed one is recorded."""
    until = certificate_until(facts)
    return until is None or in_force(facts, until)  # a contract of an older version tells nothing of it


def certificate_until(facts: Facts) -> date | None:
    """Return the last day of the certificate as it was told last; None where nobody told it."""
    if renewed := facts.record("renew_certificate", CertificateRenewed):
        return renewed.certificate_until
    contract = facts.record("conclude_contract", ContractConcluded)
    return contract.certificate_until if contract else None


def in_force(facts: Facts, until: date) -> Verdict:
    """Tell whether something lasts until today at least, else name its last day."""
    return until >= facts.today or Shortfall(names=f"{until} < {facts.today}")


@claims_of(supervision.InspectionPlanned)
def planned_day_is_in_the_period(facts: Facts, record: supervision.InspectionPlanned) -> Verdict:
    """The inspection is planned from today to the closing of the year."""
    return _is_in_time(facts, "close", record.planned_on) or _time_left(facts, "close")


@claims_of(supervision.InspectionPlanned)
def planned_desk_check_has_its_reason(_facts: Facts, record: supervision.InspectionPlanned) -> Verdict:
    """A plan to check at the desk instead of on site has its written reason."""
    return record.kind == "on_site" or bool(record.reason)


@claims_of(supervision.InspectionPlanned)
def planned_inspectors_are_registered(facts: Facts, record: supervision.InspectionPlanned) -> Verdict:
    """Every inspector named is on the register on that day."""
    return registered(facts, record.inspectors, record.planned_on)


@claims_of(ReadinessConfirmed, owes="plan_inspection", proves=("W-OP-02", "C-OP-02"))
def inspection_is_planned_in_the_period(facts: Facts, record: ReadinessConfirmed) -> Verdict:
    """An inspection is planned by the day of posting, in its plan or here, or the contractor was inspected already."""
    plans = [past.record.planned_on for past in facts.past("plan_inspection", supervision.InspectionPlanned)]
    days = [*plans, *([record.inspection_planned_on] if record.inspection_planned_on else [])]
    held = _contractor_was_seen(facts)
    return held or any(_is_in_time(facts, "post", day) for day in days) or _time_left(facts, "post")


@claims_of(supervision.ContractorInspected)
def findings_are_all_named(_facts: Facts, record: Checked) -> Verdict:
    """As many findings are named, each with its due date, as were counted."""
    return agree(record.findings, len(record.found))


@claims_of(supervision.ContractorInspected)
def findings_are_due_after_the_inspection(facts: Facts, record: Checked) -> Verdict:
    """Each finding is to be put right by an open day, no earlier than the day on which it was found."""
    days = ((finding.what, finding.due_on) for finding in record.found)
    return none_of((what for what, day in days if day < record.seen_on or not facts.is_open(day)), "、")


@claims_of(supervision.StatusReported, proves=("C-OP-06",))
def self_check_was_made_by_the_contractor(facts: Facts, record: supervision.StatusReported) -> Verdict:
    """Whoever made the self-check was on the register on that day, with the contractor."""
    person = facts.people.get(record.checked_by)
    is_his = person is not None and person.side is Side.CONTRACTOR and person.is_valid_on(record.self_checked_on)
    return is_his or Shortfall(names=record.checked_by)


@claims_of(supervision.StatusReported, proves=("C-SY-08",))
def logs_reach_from_the_receipt(facts: Facts, record: supervision.StatusReported) -> Verdict:
    """The logs that were analysed reach from the day on which the contractor received the data, to today at most."""
    received = facts.done.get("report_receipt")
    first = received.on if received else record.logs_until
    in_order = record.logs_from <= first <= record.logs_until <= facts.today
    return in_order or Shortfall(names=f"{first} – {facts.today}")


@claims(owes="report_status", proves=("W-OP-02", "C-OP-02", "C-OP-06", "C-SY-08"))
def contractor_reported_his_check(facts: Facts) -> Verdict:
    """The contractor has reported his own check and the analysis of his logs."""
    return "report_status" in facts.done


@claims(owes="inspect_contractor", proves=("W-OP-06",))
def ward_checked_its_own_keeping(facts: Facts) -> Verdict:
    """The ward has checked its own safekeeping."""
    return any(past.record.own_keeping_checked_on for past in _inspections(facts))


@claims(owes="inspect_contractor", proves=("W-SY-08",))
def wards_logs_are_analysed(facts: Facts) -> Verdict:
    """The ward's logs are analysed beyond the day on which the medium left."""
    left = facts.done.get("hand_over_medium")
    days = [past.record.logs_until for past in _inspections(facts) if past.record.logs_until]
    return bool(days) and (left is None or left.on <= max(days))


@claims_of(supervision.ContractorInspected)
def inspection_has_happened(facts: Facts, record: supervision.ContractorInspected) -> Verdict:
    """The inspection is dated neither in the future nor before the contract."""
    contract = facts.done.get("conclude_contract")
    since = contract.on if contract else record.inspected_on
    return since <= record.inspected_on <= facts.today or Shortfall(names=f"{since} – {facts.today}")


@claims_of(supervision.ContractorInspected)
def desk_check_has_its_reason(_facts: Facts, record: supervision.ContractorInspected) -> Verdict:
    """A check at the desk instead of on site has its written reason."""
    return record.kind == "on_site" or bool(record.reason)


@claims_of(supervision.ContractorInspected)
def inspectors_are_registered(facts: Facts, record: supervision.ContractorInspected) -> Verdict:
    """Every inspector named was on the register on that day."""
    return registered(facts, record.inspectors, record.inspected_on)


@claims_of(supervision.ContractorInspected)
def inspected_subcontractor_is_declared(facts: Facts, record: supervision.ContractorInspected) -> Verdict:
    """The subcontractor inspected is a declared one."""
    names = [subcontractor.declared.name for subcontractor in subcontractors(facts)]
    return record.subcontractor in {"", *names} or Shortfall(names="、".join(names) or "–")


@claims_of(supervision.ContractorInspected, proves=("W-OP-06",), tells="own_keeping_checked_on")
def own_check_has_happened(facts: Facts, record: supervision.ContractorInspected) -> Verdict:
    """The ward's check of its own safekeeping was made since the contract, and is not dated in the future."""
    since = facts.done["conclude_contract"].on if "conclude_contract" in facts.done else None
    day = record.own_keeping_checked_on
    return day is None or (since or day) <= day <= facts.today or Shortfall(names=f"{since or ''} – {facts.today}")


@claims_of(supervision.ContractorInspected, proves=("W-SY-08",), tells="logs_until")
def logs_are_of_the_past(facts: Facts, record: supervision.ContractorInspected) -> Verdict:
    """The ward's logs are not analysed beyond today."""
    return (record.logs_until or facts.today) <= facts.today


@claims_of(supervision.FindingSettled)
def finding_is_open(facts: Facts, record: supervision.FindingSettled) -> Verdict:
    """The finding of that number is still to be put right."""
    numbers = [found.number for found in open_findings(facts)]
    return record.finding in numbers or Shortfall(names=" ".join(f"No. {number}" for number in numbers) or "–")


@claims_of(supervision.FindingSettled)
def finding_was_seen_since(facts: Facts, record: supervision.FindingSettled) -> Verdict:
    """It was seen to be put right after the inspection, and not in the future."""
    days = {found.number: found.found_on for found in findings(facts)}
    since = days.get(record.finding, record.settled_on)
    return since <= record.settled_on <= facts.today or Shortfall(names=f"{since} – {facts.today}")


@claims(owes="confirm_contacts", proves=("W-OP-05", "C-OP-05"))
def flow_is_acknowledged(facts: Facts) -> Verdict:
    """The contractor has acknowledged a named version of the business flow."""
    contacts = facts.record("confirm_contacts", ContactsConfirmed)
    return contacts is not None and bool(contacts.flow_version and contacts.flow_acknowledged_on)


@claims(owes="change_people", proves=("W-OP-12", "C-OP-12"))
def nights_have_a_number(facts: Facts) -> Verdict:
    """An approver, a coordinator and a handling manager, or their substitutes, have a telephone for the nights."""
    people = [person for person in facts.people.values() if person.is_valid_on(facts.today)]
    reached = {person.id for person in people if person.phone_out_of_hours}
    called = [person for person in people if reached & {person.id, person.substitute}]
    asked = (Role.APPROVER, Role.COORDINATOR, Role.HANDLING_MANAGER)
    return none_of(role.label for role in asked if not any(role in person.roles for person in called))


@claims(owes="confirm_contacts", proves=("W-OP-12", "C-OP-12"))
def procedure_has_its_version(facts: Facts) -> Verdict:
    """The emergency procedure that both sides follow is named by its version."""
    contacts = facts.record("confirm_contacts", ContactsConfirmed)
    return contacts is not None and bool(contacts.procedure_version)


@claims(owes="settle_finding", proves=("W-OP-02", "C-OP-02"))
def every_finding_is_put_right(facts: Facts) -> Verdict:
    """Every finding of the inspections is put right."""
    return none_of(f"No. {found.number}" for found in open_findings(facts))


@claims(owes="inspect_contractor", proves=("W-OP-02", "C-OP-02"))
def contractor_was_inspected(facts: Facts) -> Verdict:
    """The contractor was inspected, on site or at the desk for a written reason, unless nothing went out."""
    return not facts.went_out() or "cancel" in facts.done or _contractor_was_seen(facts)


@claims(owes="inspect_contractor", proves=("W-OP-03", "C-OP-03"))
def every_subcontractor_was_inspected(facts: Facts) -> Verdict:
    """Every subcontractor with consent was inspected."""
    seen = {past.record.subcontractor for past in facts.past("inspect_contractor", supervision.ContractorInspected)}
    unseen = [
        subcontractor.declared.name
        for subcontractor in subcontractors(facts)
        if subcontractor.may_work and subcontractor.declared.name not in seen
    ]
    return Shortfall(names="、".join(unseen)) if unseen and facts.went_out() else True


def next_due(
    facts: Facts, more: Iterable[supervision.InspectionFinding] = (), settled: int | None = None
) -> date | None:
    """Return by when the first finding is owed, with what was just found and without what was just settled."""
    left = [found.finding.due_on for found in open_findings(facts) if found.number != settled]
    return min([*left, *(finding.due_on for finding in more)], default=None)


def _contractor_was_seen(facts: Facts) -> bool:
    return any(not past.record.subcontractor for past in _inspections(facts))


def _inspections(facts: Facts) -> tuple[Past[supervision.ContractorInspected], ...]:
    return facts.past("inspect_contractor", supervision.ContractorInspected)


def _is_in_time(facts: Facts, act: str, day: date) -> bool:
    """Tell whether a day lies from today to the day of an act; once that day has passed, every day to come is one."""
    last = facts.due.get(act, day)
    return facts.today <= day and (day <= last or last < facts.today)


def _time_left(facts: Facts, act: str) -> Shortfall:
    last = facts.due.get(act)
    return Shortfall(names=f"{facts.today} – {last if last and last >= facts.today else ''}".rstrip())


def findings_are_owed(facts: Facts, record: Checked) -> tuple[Effect, ...]:
    """What was found is to be put right by its date, the earliest first."""
    due_on = next_due(facts, record.found)
    return (OweAct(act="settle_finding", due_on=due_on),) if due_on else ()


def other_findings_stay_owed(facts: Facts, record: supervision.FindingSettled) -> tuple[Effect, ...]:
    """The findings that are left are owed by the earliest of their dates."""
    due_on = next_due(facts, settled=record.finding)
    return (OweAct(act="settle_finding", due_on=due_on),) if due_on else ()


PARTNERS = (
    Row(
        trigger="declare_subcontractor", event="subcontractor_declared", ja="再委託先届", en="Declare a subcontractor",
        froms=("contracted", *PREPRESS, "printed", "enclosed"), who=MANAGER, owner=Side.CONTRACTOR, repeats=True,
        under_hold=True, record=supervision.SubcontractorDeclared, source="W-OP-03, C-OP-03, 再委託有無届",
    ),
    Row(
        trigger="consent_to_subcontracting", event="subcontracting_consented", ja="再委託の承諾",
        en="Consent to a subcontractor", froms=("contracted", *PREPRESS, "printed", "enclosed"), who=APPROVERS,
        owner=Side.WARD, repeats=True, under_hold=True, record=supervision.SubcontractingConsented,
        guards=(
            consent_is_to_a_declared_one, subcontract_allows_inspections, subcontracting_was_referred,
            dated_after("decided_on"), on_an_open_day("decided_on"),
        ),
        source="W-OP-03, C-OP-03, 再委託承諾書",
    ),
    Row(
        trigger="declare_cloud_use", event="cloud_use_declared", ja="クラウドサービス利用届",
        en="Declare the use of cloud services", froms=("contracted", *PREPRESS, "printed", "enclosed"),
        who=(*MANAGER, *COORDINATOR), owner=Side.CONTRACTOR, due="C+5bd", after=("conclude_contract",), repeats=True,
        record=supervision.CloudUseDeclared,
        guards=(cloud_follows_the_guideline, servers_stand_in_a_prefecture, servers_stand_under_japanese_law),
        source="W-OP-01, C-OP-01, W-SY-11, C-SY-11",
    ),
    Row(
        trigger="plan_inspection", event="inspection_planned", ja="立入り調査計画", en="Plan an inspection",
        froms=("contracted", *PREPRESS, "printed", "enclosed", "posted"), who=COORDINATOR, owner=Side.WARD,
        repeats=True, under_hold=True, record=supervision.InspectionPlanned,
        guards=(planned_day_is_in_the_period, planned_inspectors_are_registered, planned_desk_check_has_its_reason),
        source="W-OP-02, C-OP-02",
    ),
)  # fmt: skip

INSPECTION = (
    Row(
        trigger="report_status", event="status_reported", ja="状況報告（自己点検・ログ分析）", en="Report the status",
        froms=(*IN_PRODUCTION, "posted"), who=MANAGER, owner=Side.CONTRACTOR, due="D-7bd", after=("hand_over",),
        repeats=True, under_hold=True, record=supervision.StatusReported,
        guards=(
            dated_after("self_checked_on", "hand_over"), self_check_was_made_by_the_contractor,
            logs_reach_from_the_receipt, findings_are_all_named,
            findings_are_due_after_the_inspection,
        ),
        then=findings_are_owed, source="W-OP-02, C-OP-02, C-OP-06, C-SY-08",
    ),
    Row(
        trigger="inspect_contractor", event="contractor_inspected", ja="立入り調査", en="Inspect the contractor",
        froms=("contracted", *PREPRESS, "printed", "enclosed", "posted"), who=COORDINATOR, owner=Side.WARD, due="D-6bd",
        after=("approve_proof",), repeats=True, record=supervision.ContractorInspected,
        guards=(
            inspection_has_happened, inspectors_are_registered, desk_check_has_its_reason,
            inspected_subcontractor_is_declared, findings_are_all_named, findings_are_due_after_the_inspection,
            own_check_has_happened, logs_are_of_the_past,
        ),
        then=findings_are_owed, source="W-OP-02, C-OP-02, W-OP-06, W-SY-08",
    ),
    Row(
        trigger="settle_finding", event="finding_settled", ja="指摘事項の是正確認",
        en="Confirm that a finding is put right", froms=LIVE, who=COORDINATOR, owner=Side.CONTRACTOR, repeats=True,
        under_hold=True, record=supervision.FindingSettled,
        guards=(finding_is_open, finding_was_seen_since),
        then=other_findings_stay_owed, source="W-OP-02, C-OP-02",
    ),
)  # fmt: skip
