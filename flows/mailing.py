"""6 差出: the letters go to the post office on their day; what comes back is counted until its window ends."""

from flows.stage import AtWork, stage


@stage("mailing", "差出承認、当日の支援措置再確認、差出、返戻。引き受けられた数、封緘した数、返戻の数を照合する。")
def mailing(here: AtWork) -> None:
    """Compare what was posted with what was sealed and accepted, and what came back with what was posted."""
    here.compares("posted", "returned")
