"""What stands over all stages: measures, hold, incidents, deviations, moved deadlines, cancelling."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from models.records.approvals import Approved
from models.records.base import ActRecord, ApprovalNumber, Code, Count, Line, MaybeLine, MaybeSha256, Sha256, taking
from models.words import N_

MeasureId = Annotated[
    str, StringConstraints(pattern=r"^[WC]-(OP|SY)-[0-9]{2}$"), taking(N_("number of a measure"), "W-OP-01")
]


class MeasuresClaimed(ActRecord):
    """Measures of the checklists, claimed with their evidence, or declared not applicable with the declaration.

    Evidence without a kind is words alone: what was done is said, and nothing shows it.
    """

    measures: tuple[MeasureId, ...] = Field(min_length=1, title="Measures")
    evidence: Line = Field(title="Evidence")
    evidence_file: MaybeSha256 = Field(default="", title="Evidence (file)")
    happened_on: date | None = Field(default=None, title="Date of the evidence")
    valid_until: date | None = Field(default=None, title="Valid until")
    not_applicable: bool = Field(default=False, title="Declared not applicable")
    kind: Literal["", "document", "act", "check"] = Field(default="", title="Kind of evidence")
    result: MaybeLine = Field(default="", title="Result of the check")
    entry: Annotated[int, Field(ge=0)] = Field(default=0, title="Ledger entry of the act, or of the document's filing")

    @property
    def kept(self) -> dict[str, object]:
        """Return what the table of claims keeps of it; the rest is read from the record of its entry."""
        told = {"evidence", "evidence_file", "happened_on", "valid_until", "not_applicable"}
        return self.model_dump(include=told)


class ReferralRecorded(Approved):
    """付議: the board approved what differs from the matter of the year before."""

    number: Line = Field(title="Number of the referral")
    decided_on: date = Field(title="Date of the board's meeting")


class CycleHeld(ActRecord):
    """一時停止: with a reason code."""

    reason: Code = Field(title="Reason code")


class HoldReleased(ActRecord):
    """再開: after measures were discussed with the contractor (W-OP-13)."""

    discussed_on: date = Field(title="Discussed with the contractor on")
    decision_number: ApprovalNumber


class CycleCancelled(ActRecord):
    """中止."""

    reason: Code = Field(title="Reason code")
    decision_number: ApprovalNumber


class IncidentReported(ActRecord):
    """事故の発生: the day of knowing starts the clock of the law, as soon as any one worker of the section knew.

    What it says of the heads of 規則43条 decides what is due; `encrypted` is only a possibility for people to weigh.
    The law counts from `known_on`; `known_at` tells the time of it. `contractor_notified_at` is when the contractor
    notified the ward, which releases it from its own report (法26条1項ただし書).
    """

    kind: Literal["loss", "leak", "count", "misdelivery", "deviation", "other"] = Field(title="Kind of incident")
    known_on: date = Field(title="Known since")
    persons: Annotated[int, Field(ge=0)] = Field(default=0, title="Persons concerned, as far as known")
    sensitive: bool = Field(default=False, title="Sensitive personal information is concerned")
    property_risk: bool = Field(default=False, title="Damage to property is to be feared")
    wrongful: bool = Field(default=False, title="A wrongful purpose is suspected")
    ordinance_sensitive: bool = Field(default=False, title="The ordinance calls the information sensitive")
    encrypted: bool = Field(default=False, title="The data were strongly encrypted and the key kept apart")
    known_at: AwareDatetime | None = Field(default=None, title="Known since (date and time)")
    contractor_notified_at: AwareDatetime | None = Field(
        default=None, title="The contractor notified the ward (date and time)"
    )


IncidentNumber = Annotated[int, Field(ge=1, title="Incident number")]


class IncidentAssessed(ActRecord):
    """報告要否の判断: people decide whether the incident is to be reported, with their reason."""

    incident: IncidentNumber
    reportable: bool = Field(title="To be reported to the Commission")
    reason: Line = Field(title="Reason")
    decision_number: ApprovalNumber


class ReportedToCommission(ActRecord):
    """個人情報保護委員会への報告 (法68条1項): 速報 or 確報."""

    incident: IncidentNumber
    report: Literal["prompt", "final"] = Field(title="Prompt or final report")
    reported_on: date = Field(title="Reported on")
    number: MaybeLine = Field(default="", title="Number of receipt")


class PersonsNotified(ActRecord):
    """本人への通知 (法68条2項), or why a substitute measure was taken."""

    incident: IncidentNumber
    how: Literal["letter", "telephone", "visit", "substitute"] = Field(title="Way of the notice")
    notified_on: date = Field(title="Notified on")
    persons: Count = Field(title="Persons notified")
    reason: MaybeLine = Field(default="", title="Reason for a substitute measure")


class IncidentPublished(ActRecord):
    """公表, or the decision not to publish."""

    incident: IncidentNumber
    published: bool = Field(title="Published")
    decided_on: date = Field(title="Decided on")
    reason: MaybeLine = Field(default="", title="Reason for not publishing")


class CountermeasuresDiscussed(ActRecord):
    """事故後の協議, or the one about a change of measures (W-OP-13, C-OP-13): at once, with the contractor.

    What the contractor notified after the incident was reported is told here, and releases it (法26条1項ただし書).
    """

    incident: Annotated[int, Field(ge=0)] = Field(default=0, title="Incident number, 0 for a change of measures")
    discussed_on: date = Field(title="Discussed with the contractor on")
    participants: Line = Field(title="Participants")
    decision: Line = Field(title="What was decided")
    contractor_notified_at: AwareDatetime | None = Field(
        default=None, title="The contractor notified the ward (date and time)"
    )


class ChangeReported(ActRecord):
    """変更届: a measure of protection or security changes; the work waits until both sides have talked it over."""

    what: Line = Field(title="What changes")
    before: MaybeLine = Field(default="", title="Before the change")
    after: Line = Field(title="After the change")
    effective_on: date = Field(title="Changes on")
    reason: MaybeLine = Field(default="", title="Reason")
    notice: MaybeSha256 = Field(default="", title="Notice (file)")


class IncidentSettled(ActRecord):
    """事故対応の終結."""

    incident: IncidentNumber
    decision_number: ApprovalNumber


class DeviationRecorded(ActRecord):
    """逸脱記録: a fact that broke a rule, as it happened (Law 8)."""

    what: Code = Field(title="Kind of deviation")
    happened_on: date = Field(title="Happened on")
    remark: MaybeLine = Field(default="", title="Remark without personal data")


class PaperFiled(ActRecord):
    """One file of one document: its day, the slips that it shows, and where the paper itself is kept (`original`)."""

    document: Annotated[int, Field(ge=1, le=22)] = Field(title="Number of the document")
    sha256: Sha256 = Field(title="SHA-256 of the file")
    dated_on: date = Field(title="Date on the document")
    in_vault: bool = Field(default=False, title="It names residents: its file is in the vault")
    slips: tuple[Line, ...] = Field(default=(), title="Numbers of the slips that it shows")
    original: MaybeLine = Field(default="", title="Where the paper is kept")


class DocumentFiled(PaperFiled):
    """書類の受領: the year's documents that came, each by its hash; several that came together are one entry."""

    received_on: date = Field(title="Received on")
    more: Annotated[tuple[PaperFiled, ...], Field(max_length=200)] = Field(
        default=(), title="Further papers received with it"
    )

    @property
    def papers(self) -> tuple[PaperFiled, ...]:
        """Return every paper of the entry."""
        return (self, *self.more)


class ReminderAcknowledged(ActRecord):
    """督促の確認: whoever was reminded has seen it; of a call to make, that it was made."""

    reminder: Annotated[int, Field(ge=1)] = Field(title="Number of the reminder")
    promised_on: date | None = Field(default=None, title="Promised for")
    remark: MaybeLine = Field(default="", title="Remark without personal data")


class DeadlineMoved(ActRecord):
    """A deadline moved by a named person with a reason."""

    act: Code = Field(title="Act")
    to: date = Field(title="New due date")
    reason: Line = Field(title="Reason")


class LatePlanDecided(ActRecord):
    """計画変更の決定: a plan passes a day that no lateness moves, and a named person accepts it up to another day."""

    commitment: Code = Field(title="Commitment that is passed")
    until: date = Field(title="Accepted until")
    reason: Line = Field(title="Reason")
    decision_number: ApprovalNumber


class BackupRecorded(ActRecord):
    """控えの取得: one file outside the installation, of everything but keys and what the year's key does not close.

    `verified` says that its database was opened again and the ledger in it holds, up to entry `entries`.
    """

    copied_at: AwareDatetime = Field(title="Copied at")
    files: Count = Field(title="Files in the copy")
    size: Annotated[int, Field(ge=1)] = Field(title="Size of the copy (bytes)")
    sha256: Sha256 = Field(title="SHA-256 of the copy")
    entries: Count = Field(default=0, title="Ledger entries in the copy")
    verified: bool = Field(default=False, title="The copy was opened and its ledger verified")


class EntryCorrected(ActRecord):
    """管理簿の訂正: a new entry that names the old one, which stays as it was written (Law 5).

    It tells readers what is right. Where an act brought a wrong figure, the act is done again; this moves nothing.
    """

    corrects: Annotated[int, Field(ge=1)] = Field(title="Number of the entry that is wrong")
    correction: Line = Field(title="What is right, without personal data")
    reason: Line = Field(title="Reason")


class TextRedacted(ActRecord):
    """自由記載の抹消: what should never have been written is taken out; the entry and every proof stay as they are."""

    entry: Annotated[int, Field(ge=1)] = Field(title="Number of the entry")
    place: Annotated[
        str,
        StringConstraints(pattern=r"^[a-z_]{1,40}(\.[a-z0-9_]{1,40}){0,5}$"),
        taking(N_("place in the entry"), "record.evidence"),
    ] = Field(title="Place of the text in the entry")
    reason: Literal["resident_data", "other_personal_data", "secret"] = Field(title="Reason")

    @property
    def matter(self) -> str:
        """Return which text it is: several may wait for their second person at once."""
        return f"{self.entry} {self.place}"


class Confirmed(Approved):
    """A step whose evidence is wholly on file: the person only confirms, and the office has approved it."""

    remark: MaybeLine = Field(default="", title="Remark without personal data")
