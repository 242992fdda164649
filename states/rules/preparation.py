"""Preparation: contract, notices and readiness."""

from models.people import Side
from models.records import preparation
from states.facts import Facts, Shortfall, Verdict
from states.rows import COORDINATOR, MANAGER, Row
from states.rules.base import claims, claims_of, none_of, recorded
from states.rules.measures import measures_of
from states.rules.supervision import (
    cloud_use_is_declared,
    every_subcontractor_has_consent,
    inspection_is_planned_in_the_period,
    subcontractors_are_named,
)

handlers_are_registered = recorded(
    "handlers_are_registered",
    "register_handlers",
    "The handling manager and the authorised handlers are registered.",
    proves=("W-OP-04", "C-OP-04"),
)
work_plan_is_in = recorded("work_plan_is_in", "submit_work_plan", "The work plan is in.")
contacts_are_confirmed = recorded(
    "contacts_are_confirmed",
    "confirm_contacts",
    "The emergency contacts and the business flow are confirmed.",
    proves=("W-OP-05", "W-OP-12", "C-OP-05", "C-OP-12"),
)


@claims_of(preparation.ContractConcluded, proves=("W-OP-01", "C-OP-01"))
def special_provisions_are_attached(_facts: Facts, record: preparation.ContractConcluded) -> Verdict:
    """The special provisions are attached to the contract."""
    return record.special_provisions_attached


@claims_of(preparation.ContractConcluded)
def contract_period_covers_the_posting(facts: Facts, record: preparation.ContractConcluded) -> Verdict:
    """The contract period covers the day of posting."""
    day = facts.due["post"]
    return record.begins_on <= day <= record.ends_on or Shortfall(names=str(day))


@claims_of(preparation.HandlersRegistered, proves=("W-OP-04",))
def named_people_are_on_the_register(facts: Facts, record: preparation.HandlersRegistered) -> Verdict:
    """The handling manager and every handler are on the register of people."""
    return none_of(p for p in (record.handling_manager, *record.handlers) if p not in facts.people)


@claims_of(preparation.HandlersRegistered, proves=("W-OP-03", "C-OP-03"))
def subcontracting_has_consent(_facts: Facts, record: preparation.HandlersRegistered) -> Verdict:
    """Subcontracting is declared as none, or has the ward's prior written consent."""
    return record.subcontracting == "none" or bool(record.consent_number)


@claims_of(preparation.WorkPlanSubmitted)
def plan_fits_the_posting(facts: Facts, record: preparation.WorkPlanSubmitted) -> Verdict:
    """The work plan ends before the day of posting."""
    day = facts.due["post"]
    return record.printing_from <= record.enclosing_until <= day or Shortfall(names=str(day))


@claims_of(preparation.ContactsConfirmed, proves=("W-OP-12",))
def nights_and_holidays_are_covered(_facts: Facts, record: preparation.ContactsConfirmed) -> Verdict:
    """The emergency contacts cover nights and holidays, and the business flow is shared."""
    return record.nights_and_holidays_covered and record.business_flow_shared


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


CONTRACT = (
    Row(
        trigger="conclude_contract", event="contract_concluded", ja="契約締結", en="Conclude the contract",
        froms=("planned",), to="contracted", who=COORDINATOR, owner=Side.WARD, due="C",
        carries=("claim_measures",), record=preparation.ContractConcluded,
        guards=(special_provisions_are_attached, contract_period_covers_the_posting, measures_of("conclude_contract")),
        source="W-OP-01, 契約書・特記事項",
    ),
    Row(
        trigger="register_handlers", event="handlers_registered", ja="取扱責任者・取扱者届、再委託有無届",
        en="Register handling manager and handlers", froms=("contracted",), who=MANAGER, owner=Side.CONTRACTOR,
        due="C+5bd", after=("conclude_contract",), repeats=True, record=preparation.HandlersRegistered,
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
        guards=(handlers_are_registered, nights_and_holidays_are_covered),
        source="W-OP-05, W-OP-12",
    ),
    Row(
        trigger="confirm_readiness", event="readiness_confirmed", ja="着手前確認", en="Confirm readiness",
        froms=("contracted",), to="ready", who=COORDINATOR, owner=Side.WARD, due="C+10bd",
        after=("confirm_contacts", "submit_work_plan"),
        carries=("confirm_contacts", "claim_measures"), record=preparation.ReadinessConfirmed,
        guards=(
            handlers_are_registered, contractor_has_a_valid_manager, work_plan_is_in, contacts_are_confirmed,
            dummy_data_went_through, inspection_is_planned_in_the_period, cloud_use_is_declared,
            subcontractors_are_named, every_subcontractor_has_consent, measures_of("confirm_readiness"),
        ),
        source="W-OP-02, W-OP-06",
    ),
)  # fmt: skip
