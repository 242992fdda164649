"""引渡し: the encrypted package is sealed, read back, and its papers are printed."""

from flows.base import office, stage_flow, stage_task
from steps import transfer


@stage_task("1 封をして読み戻し、管理票と通知書を作る")
def _seal(fiscal_year: int, by: str, via: str) -> str:
    here = office()
    return transfer.seal_package(here, here.cycle_id(fiscal_year), by=by, via=via).state


@stage_flow("暗号化パッケージ作成", "対象者データを暗号化して媒体用のファイルを作り、開き直して確かめる。")
def seal_package(fiscal_year: int, by: str, via: str = "dashboard") -> str:
    """Seal the encrypted package of a fiscal year; return the state."""
    return _seal(fiscal_year, by, via)
