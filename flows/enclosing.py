"""5 封入封緘: who is protected is asked again, pieces are pulled, the rest is enclosed, sealed and delivered."""

from flows.base import machine_task
from flows.stage import AtWork, stage

seal_additions = machine_task("seal_additions", "1 追加分に封をして読み戻し、管理票と通知書を作る")


@stage("enclosing", "引抜き、封入封緘、納品。追加・差替え分に封をし、封緘した数と引き抜いた数を照合する。")
def enclosing(here: AtWork) -> None:
    """Seal the letters that the contractor prints additionally; compare what was sealed and what was pulled."""
    here.does("seal_additions")
    here.compares("enclosed", "pulled")
