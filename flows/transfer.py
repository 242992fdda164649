"""3 引渡し: the package is sealed and read back; medium and password go by hand, on two occasions."""

from flows.base import machine_task
from flows.stage import AtWork, stage

seal_package = machine_task("seal_package", "1 封をして読み戻し、管理票と通知書を作る")
read_back_package = machine_task("read_back_package", "1 開き直し、件数と検証値を確かめる")


@stage("transfer", "支援措置の再確認を受けて対象者データを暗号化し、開き直して確かめる。媒体と通知書は手渡し。")
def transfer(here: AtWork) -> None:
    """Seal the package once who is protected was asked again; compare what was received with what was handed over."""
    here.does("seal_package")
    here.compares("received")
