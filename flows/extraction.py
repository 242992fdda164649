"""2 対象者抽出: the extract in the inbox is judged and taken; so is the additional one."""

from flows.base import machine_task
from flows.stage import AtWork, stage

take_extract = machine_task("take_extract", "1 判定して保管する")
take_additions = machine_task("take_additions", "1 追加分を判定して保管する")


@stage("extraction", "受信箱の抽出ファイルを判定し、保管庫に納める。氏名や住所は画面にも記録にも残らない。")
def extraction(here: AtWork) -> None:
    """Judge what lies in the inbox, and take what bears the name of somebody who may; compare the counts."""
    here.judges_the_inbox()
    here.does("take_extract")
    here.does("take_additions")
    here.compares("raw_hits", "exported")
