"""Contract and readiness: what must be settled before the first resident is looked up (domain.md 1, documents 1-5)."""

from datetime import date
from typing import Literal

from pydantic import Field

from models.records.approvals import Approved
from models.records.base import ActRecord, Line, MaybeLine, MaybePersonId, MaybeSha256, PersonId


class ContractConcluded(Approved):
    """契約書と特記事項 (document 1)."""

    contract_number: Line = Field(title="Contract number")
    begins_on: date = Field(title="Contract period begins")
    ends_on: date = Field(title="Contract period ends")
    special_provisions_attached: bool = Field(title="The special provisions are attached")
    contract: MaybeSha256 = Field(default="", title="Contract (file)")
    concluded_on: date | None = Field(default=None, title="Date of the contract")
    instruction: MaybeLine = Field(default="", title="Instruction given (laws, security policy)")
    instructed_on: date | None = Field(default=None, title="Instructed on")
    instructed: MaybePersonId = Field(default="", title="Instructed person of the contractor")
    certificate_number: MaybeLine = Field(default="", title="Number of the contractor's certificate")
    certificate_until: date | None = Field(default=None, title="Last day of the contractor's certificate")


class CertificateRenewed(ActRecord):
    """認証の更新: the contractor's certificate, such as the プライバシーマーク, goes on under a new last day."""

    certificate_number: Line = Field(title="Number of the contractor's certificate")
    certificate_until: date = Field(title="Last day of the contractor's certificate")
    certificate: MaybeSha256 = Field(default="", title="Certificate (file)")


class HandlersRegistered(ActRecord):
    """取扱責任者・取扱者届, 再委託有無届 (documents 2 and 3)."""

    handling_manager: PersonId = Field(title="Handling manager")
    handlers: tuple[PersonId, ...] = Field(min_length=1, title="Authorised handlers")
    subcontracting: Literal["none", "consented"] = Field(title="Subcontracting")
    consent_number: MaybeLine = Field(default="", title="Number of the ward's written consent")
    notice: MaybeSha256 = Field(default="", title="Notice (file)")


class WorkPlanSubmitted(ActRecord):
    """作業計画書・工程表 (document 4)."""

    printing_from: date = Field(title="Printing begins")
    enclosing_until: date = Field(title="Enclosing ends")
    place: Line = Field(title="Place of work")
    plan: MaybeSha256 = Field(default="", title="Work plan (file)")


class ContactsConfirmed(ActRecord):
    """緊急連絡体制・業務フロー・事故対応手順 (document 5)."""

    confirmed_with: PersonId = Field(title="Confirmed with")
    nights_and_holidays_covered: bool = Field(title="Nights and holidays are covered")
    business_flow_shared: bool = Field(title="The business flow is shared")
    flow_version: MaybeLine = Field(default="", title="Version of the business flow")
    flow_acknowledged_on: date | None = Field(default=None, title="The contractor acknowledged the flow on")
    procedure_version: MaybeLine = Field(default="", title="Version of the emergency procedure")


class ReadinessConfirmed(Approved):
    """着手前確認: the review before anything personal moves."""

    dummy_data_tested: bool = Field(title="A test with dummy data went through")
    font_sha256: MaybeSha256 = Field(default="", title="SHA-256 of the contractor's font")
    inspection_planned_on: date | None = Field(default=None, title="On-site inspection planned on")
    ward_patched_on: date | None = Field(default=None, title="Security patches of the ward applied on")
    contractor_patched_on: date | None = Field(default=None, title="Security patches of the contractor applied on")
