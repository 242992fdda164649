"""印刷: the letters of late additions, which the ward prints itself, are made into the vault."""

from flows.base import office, stage_flow, stage_task
from steps import printing


@stage_task("1 追加分の案内状を作る")
def _print(fiscal_year: int, programme: str) -> int:
    here = office()
    return printing.print_additions(here, here.cycle_id(fiscal_year, programme))


@stage_flow("追加分の印刷", "追加抽出した人の案内状を、保管庫の中に作る。", "追加分の印刷 {fiscal_year}")
def print_additions(fiscal_year: int, by: str = "", via: str = "", programme: str = "") -> int:  # noqa: ARG001 - as every work of the machine is called; nothing is recorded
    """Make the letters of the additions; return how many."""
    return _print(fiscal_year, programme)
