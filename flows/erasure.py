"""区保有データの廃棄: search, destroy, record."""

from flows.base import machine_flow

erase_ward_data = machine_flow(
    "erase_ward_data",
    "1 検索し、鍵とデータを廃棄し、記録する",
    "住民データが保管庫の外にないことを確かめ、鍵とデータを廃棄する。",
)
