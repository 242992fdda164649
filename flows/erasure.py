"""区保有データの廃棄: search, destroy, record."""

from flows.base import machine_task, stage_flow
from steps import erasure

_erase = machine_task("1 検索し、鍵とデータを廃棄し、記録する", erasure.erase_ward_data)


@stage_flow(
    "区保有データの廃棄",
    "住民データが保管庫の外にないことを確かめ、鍵とデータを廃棄する。",
    "区保有データの廃棄 {fiscal_year}",
)
def erase_ward_data(fiscal_year: int, by: str, via: str = "dashboard", programme: str = "") -> str:
    """Erase the ward's own data of a fiscal year; return the state."""
    return _erase(fiscal_year, by, via, programme)
