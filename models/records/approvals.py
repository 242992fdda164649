"""Who decides: the approval of an act, absences and what was decided in somebody's place (代決), and seen later."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from models.records.base import ActRecord, MaybeApprovalNumber, MaybeLine, MaybePersonId, PersonId


class Approved(ActRecord):
    """起案文書番号・決裁日 of an act that the office decides; what an older version wrote says nothing of them."""

    decision_number: MaybeApprovalNumber = Field(default="", title="Approval number")
    approved_on: date | None = Field(default=None, title="Date of the approval")


class AbsenceRecorded(ActRecord):
    """不在の記録: who is away from when to when, and who decides in his place. The same beginning again corrects it.

    Of the reason no more is asked than the office needs: nobody's health stands in a ledger.
    """

    person: PersonId = Field(title="Who is absent")
    begins_on: date = Field(title="Absent from")
    ends_on: date = Field(title="Absent until")
    reason: Literal["business_trip", "leave", "training", "other"] = Field(title="Reason")
    deputy: MaybePersonId = Field(default="", title="Who decides in his place")


class DecisionsSeen(ActRecord):
    """後閲: whoever was absent has seen what was decided in his place."""

    entries: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1, title="Numbers of the entries seen")
    remark: MaybeLine = Field(default="", title="Remark without personal data")
