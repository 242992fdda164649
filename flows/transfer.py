"""引渡し: the encrypted package is sealed and read back."""

from flows.base import machine_flow

seal_package = machine_flow(
    "seal_package",
    "1 封をして読み戻し、管理票と通知書を作る",
    "対象者データを暗号化して媒体用のファイルを作り、開き直して確かめる。",
)
seal_additions = machine_flow(
    "seal_additions",
    "1 追加分に封をして読み戻し、管理票と通知書を作る",
    "追加・差替え分を受託者が印刷するとき、別の媒体用のファイルを作り、開き直して確かめる。",
)
read_back_package = machine_flow(
    "read_back_package",
    "1 開き直し、件数と検証値を確かめる",
    "媒体が出る日に、暗号化パッケージを通知書のパスワードで開き直して確かめる。",
)
