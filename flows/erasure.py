"""8 消去確認: the contractor reports his erasure, the ward's data go on their day, and the year is closed."""

from flows.base import machine_task
from flows.stage import AtWork, stage

erase_ward_data = machine_task("erase_ward_data", "1 検索し、鍵とデータを廃棄し、記録する")


@stage(
    "erasure",
    "消去報告の確認、検査、区保有データの廃棄、完結。保管庫の外に住民データがないことを確かめて廃棄する。",
)
def erasure(here: AtWork) -> None:
    """Destroy the ward's data when their open day has come: search, destroy, record."""
    here.does("erase_ward_data")
