"""4 印刷: the ward delivers and approves, the contractor prints; the machine counts what it is told."""

from flows.stage import AtWork, stage


@stage("printing", "入稿、校正、印刷・印字。受託者が印刷した良品と、印字すべき通し番号とを照合する。")
def printing(here: AtWork) -> None:
    """Compare what was printed well with what was to be printed."""
    here.compares("received", "printed")
