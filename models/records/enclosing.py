"""Enclosing and pulls: what the sealer counted, what was taken out, by serial (documents 13-15)."""

from datetime import date
from typing import Literal

from pydantic import Field

from models.records.base import ActRecord, Code, Count, SerialText


class PullListIssued(ActRecord):
    """引抜きリスト: serials and neutral reason codes; the true reason stays with the register section."""

    pulled: SerialText = Field(default="", title="Serials to pull")
    reasons: dict[Code, Count] = Field(default_factory=dict, title="Reason codes with counts")
    rechecked_on: date = Field(title="Protected persons re-checked on")


class PullListAcknowledged(ActRecord):
    """引抜き結果: each serial acknowledged."""

    pulled: SerialText = Field(default="", title="Serials pulled")


class EnclosingReported(ActRecord):
    """封入件数報告 (document 14)."""

    sealed: SerialText = Field(title="Serials sealed")
    machine_count: Count = Field(title="Count of the machine")
    reruns: Count = Field(default=0, title="Re-runs")
    envelopes_left: Count = Field(default=0, title="Envelopes left")


class EnclosingCompleted(ActRecord):
    """封入封緘完了確認."""

    letters_enclosed: Count = Field(title="Letters enclosed")


class AdditionsEnclosed(ActRecord):
    """The ward prints and encloses the late additions itself."""

    letters_enclosed: Count = Field(title="Letters enclosed")


class ContractorInspected(ActRecord):
    """立入り調査: or a desk check with its written reason."""

    inspected_on: date = Field(title="Inspected on")
    kind: Literal["on_site", "desk"] = Field(title="Kind of inspection")
    findings: Count = Field(title="Findings")


class DeliveryInspected(ActRecord):
    """検品票 (document 15)."""

    delivered: Count = Field(title="Pieces delivered")
    opened: Count = Field(title="Pieces opened as a sample")
    wrong: Count = Field(title="Pieces found wrong")
