"""What stands over all stages: measures, hold, incidents, deviations, moved deadlines, cancelling."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from models.records.base import ActRecord, Code, Line, MaybeLine, MaybeSha256

MeasureId = Annotated[str, StringConstraints(pattern=r"^[WC]-(OP|SY)-[0-9]{2}$")]


class MeasuresClaimed(ActRecord):
    """Measures of the checklists, claimed with their evidence."""

    measures: tuple[MeasureId, ...] = Field(min_length=1, title="Measures")
    evidence: Line = Field(title="Evidence")
    evidence_file: MaybeSha256 = Field(default="", title="Evidence (file)")


class CycleHeld(ActRecord):
    """一時停止: with a reason code."""

    reason: Code = Field(title="Reason code")


class HoldReleased(ActRecord):
    """再開: after measures were discussed with the contractor (W-OP-13)."""

    discussed_on: date = Field(title="Discussed with the contractor on")
    decision_number: Line = Field(title="Approval number")


class CycleCancelled(ActRecord):
    """中止."""

    reason: Code = Field(title="Reason code")
    decision_number: Line = Field(title="Approval number")


class IncidentReported(ActRecord):
    """事故の発生: the day of knowing starts the clock of the law."""

    kind: Literal["loss", "leak", "count", "misdelivery", "deviation", "other"] = Field(title="Kind of incident")
    known_on: date = Field(title="Known since")
    persons: Annotated[int, Field(ge=0)] = Field(default=0, title="Persons concerned, as far as known")


class IncidentSettled(ActRecord):
    """事故対応の終結."""

    incident: Annotated[int, Field(ge=1)] = Field(title="Incident number")
    decision_number: Line = Field(title="Approval number")


class DeviationRecorded(ActRecord):
    """逸脱記録: a fact that broke a rule, as it happened (Law 8)."""

    what: Code = Field(title="Kind of deviation")
    happened_on: date = Field(title="Happened on")
    remark: MaybeLine = Field(default="", title="Remark without personal data")


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


class Confirmed(ActRecord):
    """A step whose evidence is wholly on file: the person only confirms."""

    remark: MaybeLine = Field(default="", title="Remark without personal data")
