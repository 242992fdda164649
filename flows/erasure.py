"""区保有データの廃棄: search, destroy, record."""

from flows.base import office, stage_flow, stage_task
from steps import erasure


@stage_task("1 検索し、鍵とデータを廃棄し、記録する")
def _erase(fiscal_year: int, by: str, via: str, programme: str) -> str:
    here = office()
    return erasure.erase_ward_data(here, here.cycle_id(fiscal_year, programme), by=by, via=via).state


@stage_flow(
    "区保有データの廃棄",
    "住民データが保管庫の外にないことを確かめ、鍵とデータを廃棄する。",
    "区保有データの廃棄 {fiscal_year}",
)
def erase_ward_data(fiscal_year: int, by: str, via: str = "dashboard", programme: str = "") -> str:
    """Erase the ward's own data of a fiscal year; return the state."""
    return _erase(fiscal_year, by, via, programme)
