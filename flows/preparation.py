"""1 準備: the contract, the partners, and what is told and confirmed before the work."""

from flows.stage import AtWork, stage


@stage("preparation", "契約、取扱責任者・取扱者届、作業計画書、着手前確認。機械の作業はない。")
def preparation(_here: AtWork) -> None:
    """Leave it to the people who prepare the work: the machine has nothing to do."""
