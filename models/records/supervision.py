"""Supervision of the contractor: subcontractors, cloud services, inspections and what they found (W-OP-01 to 03)."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, ValidatorFunctionWrapHandler, WrapValidator

from models.records.base import ActRecord, ApprovalNumber, Count, Line, MaybeLine, MaybeSha256, PersonId

# 都道府県, in the order of their codes (JIS X 0401).
Prefecture = Literal[
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県",
    "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県",
    "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県",
    "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県",
    "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
]  # fmt: skip


def _as_it_stands(place: object, within: ValidatorFunctionWrapHandler) -> object:
    """Read what an older ledger says in words of its own; of a new declaration the guard refuses it."""
    return place if isinstance(place, str) else within(place)


# One of the list; the serializer does not complain of what an older ledger says.
ServerPlace = Annotated[Prefecture, WrapValidator(_as_it_stands), PlainSerializer(str, return_type=str)]
FindingNumber = Annotated[int, Field(ge=1, le=999)]


class SubcontractorDeclared(ActRecord):
    """再委託先届: one subcontractor, what he would do, and whether the subcontract lets the ward inspect."""

    name: Line = Field(title="Name of the subcontractor")
    work: Line = Field(title="Work given to the subcontractor")
    place: MaybeLine = Field(default="", title="Place of work")
    inspection_clause: bool = Field(title="The subcontract allows on-site inspections")
    withdrawn: bool = Field(default=False, title="Withdrawn: nothing is given to the subcontractor")
    notice: MaybeSha256 = Field(default="", title="Notice (file)")


class SubcontractingConsented(ActRecord):
    """再委託承諾書: the ward's prior written consent to one subcontractor."""

    name: Line = Field(title="Name of the subcontractor")
    decision_number: ApprovalNumber
    decided_on: date = Field(title="Approved on")
    consent: MaybeSha256 = Field(default="", title="Consent (file)")


class CloudUseDeclared(ActRecord):
    """クラウドサービス利用届: declared even when no service is used, with the place of the servers."""

    side: Literal["contractor", "ward"] = Field(default="contractor", title="Who uses it")
    service: MaybeLine = Field(default="", title="Cloud service, empty if none is used")
    guideline_followed: bool = Field(default=False, title="The service follows the guideline of the Ministry")
    server_place: ServerPlace = Field(title="Where the servers stand (prefecture)")
    under_japanese_law: bool = Field(title="Japanese law applies to the servers")
    statement: MaybeSha256 = Field(default="", title="Statement of conformity (file)")


class InspectionPlanned(ActRecord):
    """立入り調査計画: when, where, by whom; a desk check needs its written reason."""

    planned_on: date = Field(title="On-site inspection planned on")
    inspectors: tuple[PersonId, ...] = Field(min_length=1, title="Inspectors")
    subcontractor: MaybeLine = Field(default="", title="Subcontractor inspected, empty for the contractor")
    kind: Literal["on_site", "desk"] = Field(default="on_site", title="Kind of inspection")
    reason: MaybeLine = Field(default="", title="Reason for a desk check")


class InspectionFinding(ActRecord):
    """One thing an inspection found, and by when it is to be put right."""

    what: Line = Field(title="What was found")
    due_on: date = Field(title="To be put right by")


class ContractorInspected(ActRecord):
    """立入り調査結果: or a desk check with its written reason; each finding is owed by its own date."""

    inspected_on: date = Field(title="Inspected on")
    kind: Literal["on_site", "desk"] = Field(title="Kind of inspection")
    findings: Count = Field(title="Findings")
    found: tuple[InspectionFinding, ...] = Field(default=(), title="What was found, with due dates")
    inspectors: tuple[PersonId, ...] = Field(default=(), title="Inspectors")
    subcontractor: MaybeLine = Field(default="", title="Subcontractor inspected, empty for the contractor")
    reason: MaybeLine = Field(default="", title="Reason for a desk check")
    report: MaybeSha256 = Field(default="", title="Result sheet (file)")
    own_keeping_checked_on: date | None = Field(default=None, title="The ward's own safekeeping checked on")
    logs_until: date | None = Field(default=None, title="The ward's logs are analysed up to")

    @property
    def seen_on(self) -> date:
        """Return the day on which the findings were seen."""
        return self.inspected_on


class StatusReported(ActRecord):
    """状況報告: how the work stands, what the contractor's own check and the analysis of his logs found."""

    status: Line = Field(title="How the work stands")
    self_checked_on: date = Field(title="Self-check made on")
    checked_by: PersonId = Field(title="Self-check made by")
    logs_from: date = Field(title="Logs analysed from")
    logs_until: date = Field(title="Logs analysed up to")
    findings: Count = Field(title="Findings")
    found: tuple[InspectionFinding, ...] = Field(default=(), title="What was found, with due dates")
    report: MaybeSha256 = Field(default="", title="Result sheet (file)")

    @property
    def seen_on(self) -> date:
        """Return the day on which the findings were seen."""
        return self.self_checked_on


class FindingSettled(ActRecord):
    """指摘事項の是正確認: the ward saw that a finding is put right."""

    finding: FindingNumber = Field(title="Number of the finding")
    settled_on: date = Field(title="Seen to be put right on")
    how: Line = Field(title="How it was put right")
    evidence: MaybeSha256 = Field(default="", title="Evidence (file)")
