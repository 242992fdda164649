"""機械の作業: what the machine may do now is done through the stages' flows; of the rest it says what it waits for."""

from collections.abc import Sequence

from flows.base import Unforeseen, flow_of, office, said, said_of_trouble, stage_flow, stage_task
from models.errors import TsudoiError
from models.words import _
from states.acts import Outcome
from steps import arriving, driving, judging
from steps.after import words_of_what_is_left
from steps.driving import Work
from views import counting


@stage_flow(
    "機械の作業",
    "機械だけでできる作業（抽出の判定、パッケージ作成、件数の照合、廃棄）を行い、待っているものを示す。",
)
def drive() -> str:
    """Do what the machine may do now, judge what lies in the inbox, and compare the counts."""
    lines, trouble = work_through()
    if trouble:
        return said_of_trouble("\n".join([*trouble, *lines]))
    return said("\n".join(lines) or _("Nothing is left for the machine to do."))


def work_through() -> tuple[list[str], list[str]]:
    """Do all of it within the run that is under way; return what is to be said, and what went wrong."""
    here = office()
    trouble: list[str] = []
    tried: set[tuple[str, str]] = set()
    work = driving.work(here)
    while todo := [piece for piece in work if piece.may_be_done and (piece.cycle_id, piece.act) not in tried]:
        tried.add((todo[0].cycle_id, todo[0].act))
        trouble += _do(todo[0])
        work = driving.work(here)
    judged = _judge_the_inbox(work) if arriving.inbox_files(here) else []
    return [*judged, *_compare(), *(f"{piece.title}: {piece.words}" for piece in work)], trouble


def _do(work: Work) -> list[str]:
    """Do one piece; what goes wrong with it holds up no other."""
    here = office()
    try:
        with driving.alone(here):
            if any(
                piece.may_be_done
                for piece in driving.work(here)
                if (piece.cycle_id, piece.act) == (work.cycle_id, work.act)
            ):
                via = "inbox" if work.act in driving.TAKEN_FROM_THE_INBOX else "driver"
                outcome = flow_of(work.act)(work.year, work.by, via=via, programme=work.programme)
                if isinstance(outcome, Outcome) and outcome.left:
                    return [f"{work.title}: {words_of_what_is_left(outcome, work.year)}"]
    except (TsudoiError, Unforeseen) as error:
        return [f"{work.title}: {error}"]
    return []


@stage_task("1 受信箱の抽出ファイルを判定する")
def _judge_the_inbox(work: Sequence[Work]) -> list[str]:
    """Judge what lies in the inbox and waits for a person; nothing is stored (Law 6)."""
    here = office()
    files = arriving.inbox_files(here)
    waits = [piece for piece in work if piece.act in driving.TAKEN_FROM_THE_INBOX and not piece.may_be_done]
    if len(files) != 1 or not waits:
        return []
    known, _text = here.programme(waits[0].programme)
    judgement, _rows = judging.judge_file(files[0], programme=known, fiscal_year=waits[0].year)
    codes = sorted({finding.code for finding in judgement.findings if finding.verdict == judgement.verdict})
    verdict = {"accepted": _("accepted"), "held": _("held"), "refused": _("refused")}[judgement.verdict]
    said_of_it = _("The extract in the inbox would be {verdict}: {codes}")
    return [said_of_it.format(verdict=verdict, codes="、".join(codes) or "-")]


@stage_task("2 件数を照合する")
def _compare() -> list[str]:
    with office().look_around() as looks:
        return [f"{here.cycle_id}: {difference}" for here in looks for difference in counting.counts(here).differences]
