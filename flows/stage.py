"""What the flows of the stages share: the machine's own work, what the counts say, and the state a stage ends in."""

from collections.abc import Callable
from dataclasses import dataclass, field

from prefect import Flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows import board
from flows.base import (
    MENDED_BY_PEOPLE,
    board_of,
    is_looked_at,
    office,
    stage_flow,
    stage_task,
    tag_this_run,
    task_of,
)
from models.errors import TsudoiError
from models.words import _
from states.table import STAGES
from steps import arriving, driving, judging
from steps.after import words_of_what_is_left
from steps.driving import Work
from views import counting, stages
from views.board import stage_page
from views.standing import standing


@dataclass(frozen=True, kw_only=True)
class AtWork:
    """A stage of one year while its flow runs: what there is to be said of it, and what only an administrator mends."""

    stage: str
    cycle_id: str
    lines: list[str] = field(default_factory=list[str])
    trouble: list[str] = field(default_factory=list[str])

    def does(self, act: str) -> None:
        """Let the machine do an act once nothing is missing for it; else say what it waits for. A refusal is said."""
        here = office()
        try:
            with driving.alone(here):
                for work in driving.work_in(here, self.cycle_id):
                    if work.act == act:
                        self.lines.append(f"{work.title}: {self._done(work) if work.may_be_done else work.words}")
        except MENDED_BY_PEOPLE as refused:
            self.lines.append(str(refused))
        except TsudoiError as trouble:
            self.trouble.append(str(trouble))

    def _done(self, work: Work) -> str:
        via = "inbox" if work.act in driving.TAKEN_FROM_THE_INBOX else "driver"
        outcome = task_of(work.act)(work.year, work.by, via=via, programme=work.programme)
        return words_of_what_is_left(outcome) or _("done (ledger entry {seq})").format(seq=outcome.seq)

    def judges_the_inbox(self) -> None:
        """Say what an extract that waits for a person would be judged to be; nothing is stored (Law 6)."""
        if arriving.inbox_files(office()):
            self.lines.extend(_judge_the_inbox(self.cycle_id))

    def compares(self, *counted: str) -> None:
        """Say every difference that breaks one of these lines of the counts (Law 7)."""
        self.lines.extend(_compare(self.cycle_id, counted))

    def end(self) -> State[str]:
        """Return the state in which a coordinator finds the stage: red is what is late of itself, and nothing else.

        Its run leads to what is due: by its name, by whose turn it is, and by a page that links the acts to the desk.
        """
        with office().look(self.cycle_id) as here:
            stands = standing(here)
            stage = next(stage for stage in stages.stages(here, stands) if stage.key == self.stage)
            page = stage_page(here, stands, stage, board.links(office())) if is_looked_at() else None
        if page and (stage.late or stage.waiting):
            board.put(page)
        if page and stage.late:
            tag_this_run(*(act.owner_title for act in stage.late), name=stage.called)
        message = "\n".join(filter(None, [*self.trouble, stage.words, *self.lines, board_of(self.cycle_id)]))
        if self.trouble:
            return Failed(message=message)
        return in_state(stage.state, message)


def in_state(state: str, message: str) -> State[str]:
    """Return Prefect's state of that name: what is late has failed, all else is completed (never paused: Law 1)."""
    kind = Failed if state == stages.LATE else Completed
    return kind(name=stages.state_words(state), message=message)


def stage(key: str, description: str) -> Callable[[Callable[[AtWork], None]], Flow[..., State[str]]]:
    """Make the flow of a stage: its procedure, what is to be said of it, and its state at the end."""
    number, (ja, _en) = list(STAGES).index(key) + 1, STAGES[key]

    def decorate(procedure: Callable[[AtWork], None]) -> Flow[..., State[str]]:
        @stage_flow(f"{number} {ja}", description)
        def run(fiscal_year: int, programme: str) -> State[str]:
            at_work = AtWork(stage=key, cycle_id=office().cycle_id(fiscal_year, programme))
            procedure(at_work)
            return at_work.end()

        return run

    return decorate


@stage_task("1 受信箱の抽出ファイルを判定する")
def _judge_the_inbox(cycle_id: str) -> list[str]:
    here = office()
    files = arriving.inbox_files(here)
    waits = [
        work for work in driving.work_in(here, cycle_id)
        if work.act in driving.TAKEN_FROM_THE_INBOX and not work.may_be_done
    ]  # fmt: skip
    if len(files) != 1 or not waits:
        return []
    known, _text = here.programme(waits[0].programme)
    judgement, _rows = judging.judge_file(files[0], programme=known, fiscal_year=waits[0].year)
    codes = sorted({finding.code for finding in judgement.findings if finding.verdict == judgement.verdict})
    verdict = {"accepted": _("accepted"), "held": _("held"), "refused": _("refused")}[judgement.verdict]
    said = _("The extract in the inbox would be {verdict}: {codes}")
    return [said.format(verdict=verdict, codes="、".join(codes) or "-")]


@stage_task("2 件数を照合する")
def _compare(cycle_id: str, counted: tuple[str, ...]) -> list[str]:
    found = office().see(cycle_id, counting.counts).differences_by_line
    return [_("Counts differ: {difference}").format(difference=words) for line, words in found if line in counted]
