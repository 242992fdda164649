"""対象者抽出: the extract in the inbox is judged and taken; so is the additional one."""

from flows.base import machine_flow

take_extract = machine_flow(
    "take_extract",
    "1 判定して保管する",
    "受信箱の抽出ファイルを判定し、保管庫に納める。氏名や住所は画面にも記録にも残らない。",
)
take_additions = machine_flow(
    "take_additions",
    "1 追加分を判定して保管する",
    "転入届の期間を過ぎてからの追加抽出を納める。なければ「なし」を記録する。",
)
