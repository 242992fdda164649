"""9 監督・事故: what belongs to no stage: inspections, incidents, changes, absences, deadlines, holds."""

from flows.stage import AtWork, stage


@stage("oversight", "状況報告、立入り調査、事故対応、変更届など、どの段階にも属さないもの。機械の作業はない。")
def oversight(_here: AtWork) -> None:
    """Leave it to the people who watch over the year: the machine has nothing to do."""
