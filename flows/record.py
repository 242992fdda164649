"""記録: what people do, entered in the dashboard or by a rehearsal, goes through the door as it is."""

from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from flows.base import office, stage_flow
from states.table import BY_TRIGGER
from steps.acting import confirm, perform


class ActForm(BaseModel):
    """One act: which, by whom, with the fields of its record. Ids, counts, dates and serials only."""

    year: int = Field(title="年度（西暦）", ge=2000, le=2100)
    act: str = Field(title="行為", json_schema_extra={"enum": list(BY_TRIGGER)})
    by: str = Field(title="行った人（登録番号）")
    fields: dict[str, Any] = Field(default_factory=dict, title="記録の項目")
    key: str = Field(default="", title="二重登録を防ぐ鍵（空欄可）")


class ConfirmForm(BaseModel):
    """A confirmation by the electronic approval; a passphrase is typed at the desk only."""

    year: int = Field(title="年度（西暦）", ge=2000, le=2100)
    act: str = Field(title="行為", json_schema_extra={"enum": [t for t, row in BY_TRIGGER.items() if row.second]})
    by: str = Field(title="確認した人（登録番号）")
    decision_number: str = Field(title="起案文書番号")
    decided_on: date = Field(title="決裁日")


@stage_flow("記録", "行為を一つ記録する。条件が足りないときは、何が足りないかを示して失敗になる。")
def record_act(form: ActForm, via: str = "dashboard") -> str:
    """Do one act of the table; return the state the cycle is in afterwards."""
    here = office()
    outcome = perform(here, here.cycle_id(form.year), form.act, by=form.by, fields=form.fields, key=form.key, via=via)
    return outcome.state


@stage_flow("確認", "起案された行為を、別の人の決裁で確定する。")
def confirm_act(form: ConfirmForm, via: str = "dashboard") -> str:
    """Confirm a proposed act as the second person; return the state afterwards."""
    here = office()
    outcome = confirm(
        here, here.cycle_id(form.year), form.act, by=form.by, decision_number=form.decision_number,
        decided_on=form.decided_on, via=via,
    )  # fmt: skip
    return outcome.state
