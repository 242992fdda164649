"""Preparation: contract, notices and readiness."""

from datetime import date, timedelta

from models.people import Side
from models.records import preparation
from models.records.oversight import BackupRecorded
from states.effects import Effect, OweAct
from states.facts import Facts, Shortfall, Verdict
from states.rows import AFTER_POSTING, BEFORE_RETURN, COORDINATOR, MANAGER, Row
from states.rules.approvals import APPROVED
from states.rules.base import claims, claims_of, none_of, recorded
from states.rules.dates import dated_after, on_an_open_day
from states.rules.measures import measures_of, shown_by
from states.rules.oversight import backup_is_not_of_the_future
from states.rules.supervision import (
    certificate_is_in_force,
    certificate_until,
    cloud_use_is_declared,
    every_subcontractor_has_consent,
    flow_is_acknowledged,
    in_force,
    inspection_is_planned_in_the_period,
    nights_have_a_number,
    procedure_has_its_version,
    subcontractors_are_named,
)

handlers_are_registered = recorded(
    "handlers_are_registered",
    "register_handlers",
    "The handling manager and the authorised handlers are registered.",
    proves=("W-OP-04", "C-OP-04"),
    paper=2,
)
work_plan_is_in = recorded("work_plan_is_in", "submit_work_plan", "The work plan is in.")
contacts_are_confirmed = recorded(
    "contacts_are_confirmed",
    "confirm_contacts",
    "The emergency contacts and the business flow are confirmed.",
    proves=("W-OP-05", "W-OP-12", "C-OP-05", "C-OP-12"),
    paper=5,
)


@claims_of(preparation.ContractConcluded, proves=("W-OP-01", "C-OP-01"), paper=1)
def special_provisions_are_attached(_facts: Facts, record: preparation.ContractConcluded) -> Verdict:
    """The special provisions are attached to the contract."""
    return record.special_provisions_attached


@claims_of(preparation.ContractConcluded, proves=("W-OP-01",), tells="instruction")
def instruction_is_told_whole(facts: Facts, record: preparation.ContractConcluded) -> Verdict:
    """An instruction is told with its day, not in the future, and somebody of the contractor's who was instructed."""
    if not (record.instruction or record.instructed_on or record.instructed):
        return True
    person = facts.people.get(record.instructed)
    was_given = record.instructed_on is not None and record.instructed_on <= facts.today
    return bool(record.instruction) and was_given and person is not None and person.side is Side.CONTRACTOR


@claims_of(preparation.ContractConcluded)
def contract_period_covers_the_posting(facts: Facts, record: preparation.ContractConcluded) -> Verdict:
    """The contract period covers the day of posting; else the period or the day of posting is changed."""
    day = facts.due["post"]
    return record.begins_on <= day <= record.ends_on or Shortfall(names=str(day))


@claims_of(preparation.ContractConcluded, proves=("C-OP-01",), paper=1)
def certificate_is_told_and_valid(facts: Facts, record: preparation.ContractConcluded) -> Verdict:
    """The contractor's certificate is told with number and last day, valid today; a lapsed one is renewed first."""
    if not facts.programme.contractor.certificate:
        return True
    until = record.certificate_until
    return bool(record.certificate_number) and in_force(facts, until) if until else False


@claims_of(preparation.CertificateRenewed)
def renewed_certificate_goes_on(facts: Facts, record: preparation.CertificateRenewed) -> Verdict:
    """The renewed certificate is valid today, and longer than the one before."""
    before = certificate_until(facts)
    longer = before is None or record.certificate_until > before
    return in_force(facts, record.certificate_until) if longer else Shortfall(names=f"≤ {before}")


@claims_of(preparation.HandlersRegistered, proves=("W-OP-04",), paper=2)
def named_people_are_on_the_register(facts: Facts, record: preparation.HandlersRegistered) -> Verdict:
    """The handling manager and every handler are on the register of people."""
    return none_of(p for p in (record.handling_manager, *record.handlers) if p not in facts.people)


@claims_of(preparation.HandlersRegistered, proves=("W-OP-03", "C-OP-03"), paper=3)
def subcontracting_has_consent(_facts: Facts, record: preparation.HandlersRegistered) -> Verdict:
    """Subcontracting is declared as none, or has the ward's prior written consent."""
    return record.subcontracting == "none" or bool(record.consent_number)


@claims_of(preparation.WorkPlanSubmitted)
def plan_fits_the_posting(facts: Facts, record: preparation.WorkPlanSubmitted) -> Verdict:
    """The work plan ends before the day of posting."""
    day = facts.due["post"]
    return record.printing_from <= record.enclosing_until <= day or Shortfall(names=str(day))


@claims_of(preparation.ContactsConfirmed, proves=("W-OP-12",), paper=5)
def nights_and_holidays_are_covered(_facts: Facts, record: preparation.ContactsConfirmed) -> Verdict:
    """The emergency contacts cover nights and holidays, and the business flow is shared."""
    return record.nights_and_holidays_covered and record.business_flow_shared


@claims_of(preparation.ReadinessConfirmed, proves=("W-SY-04",), tells="ward_patched_on")
def wards_patches_are_recent(facts: Facts, record: preparation.ReadinessConfirmed) -> Verdict:
    """The ward's security patches are not dated in the future nor older than the programme allows."""
    return _is_recent(facts, record.ward_patched_on)


@claims_of(preparation.ReadinessConfirmed, proves=("C-SY-04",), tells="contractor_patched_on")
def contractors_patches_are_recent(facts: Facts, record: preparation.ReadinessConfirmed) -> Verdict:
    """The contractor's security patches are not dated in the future nor older than the programme allows."""
    return _is_recent(facts, record.contractor_patched_on)


def _is_recent(facts: Facts, patched_on: date | None) -> Verdict:
    since = facts.today - timedelta(days=facts.programme.supervision.patched_within_days)
    return patched_on is None or since <= patched_on <= facts.today or Shortfall(names=f"{since} – {facts.today}")


@claims_of(preparation.ReadinessConfirmed)
def dummy_data_went_through(_facts: Facts, record: preparation.ReadinessConfirmed) -> Verdict:
    """A test with dummy data went through."""
    return record.dummy_data_tested


@claims(owes="register_handlers")
def contractor_has_a_valid_manager(facts: Facts) -> Verdict:
    """The registered handling manager is valid today."""
    notice = facts.record("register_handlers", preparation.HandlersRegistered)
    manager = facts.people.get(notice.handling_manager) if notice else None
    return manager is not None and manager.is_valid_on(facts.today)


def renewal_is_owed(_facts: Facts, record: preparation.ContractConcluded) -> tuple[Effect, ...]:
    """A certificate that ends before the contract is to be renewed by its last day."""
    return _owed_before(record.ends_on, record.certificate_until)


def next_renewal_is_owed(facts: Facts, record: preparation.CertificateRenewed) -> tuple[Effect, ...]:
    """One that ends before the contract even so is to be renewed once more."""
    contract = facts.record("conclude_contract", preparation.ContractConcluded)
    return _owed_before(contract.ends_on, record.certificate_until) if contract else ()


def _owed_before(ends_on: date, until: date | None) -> tuple[Effect, ...]:
    return (OweAct(act="renew_certificate", due_on=until),) if until and until < ends_on else ()


# As long as the contractor's people may have anything in their hands: the notice changes with them (変更届).
WHILE_CONTRACTED = (*(state for state in BEFORE_RETURN if state != "planned"), "cancelled")

CONTRACT = (
    Row(
        trigger="conclude_contract", event="contract_concluded", ja="契約締結", en="Conclude the contract",
        froms=("planned",), to="contracted", who=COORDINATOR, approval=True, owner=Side.WARD, due="C",
        carries=("claim_measures",), record=preparation.ContractConcluded,
        guards=(
            special_provisions_are_attached, contract_period_covers_the_posting, certificate_is_told_and_valid,
            instruction_is_told_whole, dated_after("concluded_on"), on_an_open_day("concluded_on", or_today=True),
            *APPROVED, measures_of("conclude_contract", special_provisions_are_attached, instruction_is_told_whole),
        ),
        then=renewal_is_owed, source="W-OP-01, C-OP-01, 契約書・特記事項",
    ),
    Row(
        trigger="renew_certificate", event="certificate_renewed", ja="認証の更新の確認",
        en="Confirm the renewed certificate", froms=(*BEFORE_RETURN[1:-1], *AFTER_POSTING), who=COORDINATOR,
        owner=Side.CONTRACTOR, repeats=True, under_hold=True, record=preparation.CertificateRenewed,
        guards=(renewed_certificate_goes_on,), then=next_renewal_is_owed, source="W-OP-01, C-OP-01",
    ),
    Row(
        trigger="register_handlers", event="handlers_registered", ja="取扱責任者・取扱者届、再委託有無届",
        en="Register handling manager and handlers", froms=WHILE_CONTRACTED, who=MANAGER, owner=Side.CONTRACTOR,
        due="C+5bd", after=("conclude_contract",), repeats=True, under_hold=True,
        record=preparation.HandlersRegistered,
        guards=(named_people_are_on_the_register, subcontracting_has_consent),
        source="W-OP-03, W-OP-04",
    ),
)  # fmt: skip

READINESS = (
    Row(
        trigger="submit_work_plan", event="work_plan_submitted", ja="作業計画書・工程表提出", en="Submit the work plan",
        froms=("contracted",), who=MANAGER, owner=Side.CONTRACTOR, due="C+5bd", after=("conclude_contract",),
        repeats=True,
        carries=("register_handlers", "declare_cloud_use"),
        record=preparation.WorkPlanSubmitted, guards=(plan_fits_the_posting,),
        source="仕様書",
    ),
    Row(
        trigger="confirm_contacts", event="contacts_confirmed", ja="緊急連絡体制・業務フロー確認",
        en="Confirm emergency contacts and business flow", froms=("contracted",), who=COORDINATOR, owner=Side.WARD,
        due="C+8bd", after=("register_handlers",), repeats=True, record=preparation.ContactsConfirmed,
        guards=(handlers_are_registered, nights_and_holidays_are_covered, dated_after("flow_acknowledged_on")),
        source="W-OP-05, W-OP-12",
    ),
    Row(
        trigger="confirm_readiness", event="readiness_confirmed", ja="着手前確認", en="Confirm readiness",
        froms=("contracted",), to="ready", who=COORDINATOR, approval=True, owner=Side.WARD, due="C+10bd",
        after=("confirm_contacts", "submit_work_plan"),
        carries=("confirm_contacts", "claim_measures"), record=preparation.ReadinessConfirmed,
        guards=(
            handlers_are_registered, contractor_has_a_valid_manager, work_plan_is_in, contacts_are_confirmed,
            dummy_data_went_through, inspection_is_planned_in_the_period, cloud_use_is_declared,
            subcontractors_are_named, every_subcontractor_has_consent, certificate_is_in_force,
            wards_patches_are_recent, contractors_patches_are_recent, *APPROVED,
            measures_of(
                "confirm_readiness", handlers_are_registered, inspection_is_planned_in_the_period,
                cloud_use_is_declared, subcontractors_are_named, every_subcontractor_has_consent,
                flow_is_acknowledged, procedure_has_its_version, nights_have_a_number, wards_patches_are_recent,
                contractors_patches_are_recent,
                shown_by(backup_is_not_of_the_future, "record_backup", BackupRecorded),
            ),
        ),
        source="W-OP-02, W-OP-06",
    ),
)  # fmt: skip
