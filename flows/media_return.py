"""7 媒体等返却: medium, paper and password notice come back, piece by piece."""

from flows.stage import AtWork, stage


@stage("media_return", "媒体、紙、パスワード通知書の返却とその確認。機械の作業はない。")
def media_return(_here: AtWork) -> None:
    """Leave it to the hands that give and take: the machine has nothing to do."""
