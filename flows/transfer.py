"""引渡し: the encrypted package is sealed, read back, and its papers are printed."""

from flows.base import machine_task, stage_flow
from steps import transfer

_seal = machine_task("1 封をして読み戻し、管理票と通知書を作る", transfer.seal_package)
_seal_additions = machine_task("1 追加分に封をして読み戻し、管理票と通知書を作る", transfer.seal_additions)
_read_back = machine_task("1 開き直し、件数と検証値を確かめる", transfer.read_back_package)


@stage_flow(
    "読戻し試験",
    "媒体が出る日に、暗号化パッケージを通知書のパスワードで開き直して確かめる。",
    "読戻し試験 {fiscal_year}",
)
def read_back_package(fiscal_year: int, by: str, via: str = "dashboard", programme: str = "") -> str:
    """Read the sealed package of a fiscal year back; return the state."""
    return _read_back(fiscal_year, by, via, programme)


@stage_flow(
    "暗号化パッケージ作成",
    "対象者データを暗号化して媒体用のファイルを作り、開き直して確かめる。",
    "暗号化パッケージ作成 {fiscal_year}",
)
def seal_package(fiscal_year: int, by: str, via: str = "dashboard", programme: str = "") -> str:
    """Seal the encrypted package of a fiscal year; return the state."""
    return _seal(fiscal_year, by, via, programme)


@stage_flow(
    "追加分の暗号化パッケージ作成",
    "追加・差替え分を受託者が印刷するとき、別の媒体用のファイルを作り、開き直して確かめる。",
    "追加分の暗号化パッケージ作成 {fiscal_year}",
)
def seal_additions(fiscal_year: int, by: str, via: str = "dashboard", programme: str = "") -> str:
    """Seal the package of additional persons of a fiscal year; return the state."""
    return _seal_additions(fiscal_year, by, via, programme)
