"""What is printed after an act (steps/after.py): every paper is made from what is on record, and so again at will."""

from collections.abc import Callable
from functools import partial

from models.records.transfer import SlipReprinted
from papers import checking, enclosing, erasure, incidents, mailing, media_return, slips
from states.acts import Recorded
from steps import papers
from steps.office import Office


def _sheet(builder: papers.Builder) -> Callable[[Office, Recorded], None]:
    def printed(office: Office, act: Recorded) -> None:
        papers.print_sheets(office, act.cycle_id, builder)

    return printed


extract_report = _sheet(checking.extract_report)
posting_paper = _sheet(mailing.posting_paper)
return_note = _sheet(media_return.return_note)
erasure_report = _sheet(erasure.erasure_report)


def forms(office: Office, act: Recorded) -> None:
    papers.print_forms(office, act.cycle_id)


def pull_list(office: Office, act: Recorded) -> None:
    papers.print_sheets(office, act.cycle_id, partial(enclosing.pull_list, act=act.trigger))


def incident_papers(office: Office, act: Recorded) -> None:
    papers.print_sheets(office, act.cycle_id, partial(incidents.incident_papers, seq=act.seq))


def missing_slips(office: Office, act: Recorded) -> None:
    papers.print_missing_slips(office, act.cycle_id, by=act.by, via=act.via)


def slip_again(office: Office, act: Recorded) -> None:
    reprints = office.see(act.cycle_id, lambda here: here.facts.past("reprint_slip", SlipReprinted))
    number = next(again.record.slip for again in reprints if again.seq == act.seq)
    papers.print_sheets(office, act.cycle_id, partial(slips.slips_again, number=number))
