"""What is printed after an act (steps/after.py): every paper is made from what is on record, and so again at will."""

from functools import partial

from models.records.transfer import SlipReprinted
from papers import checking, enclosing, erasure, incidents, mailing, media_return, slips
from states.acts import Recorded
from steps import papers
from steps.office import Office


def forms(office: Office, act: Recorded) -> None:
    papers.print_forms(office, act.cycle_id)


def extract_report(office: Office, act: Recorded) -> None:
    papers.print_sheets(office, act.cycle_id, checking.extract_report)


def pull_list(office: Office, act: Recorded) -> None:
    papers.print_sheets(office, act.cycle_id, partial(enclosing.pull_list, act=act.trigger))


def posting_paper(office: Office, act: Recorded) -> None:
    papers.print_sheets(office, act.cycle_id, mailing.posting_paper)


def return_note(office: Office, act: Recorded) -> None:
    papers.print_sheets(office, act.cycle_id, media_return.return_note)


def erasure_report(office: Office, act: Recorded) -> None:
    papers.print_sheets(office, act.cycle_id, erasure.erasure_report)


def incident_papers(office: Office, act: Recorded) -> None:
    papers.print_sheets(office, act.cycle_id, partial(incidents.incident_papers, seq=act.seq))


def missing_slips(office: Office, act: Recorded) -> None:
    papers.print_missing_slips(office, act.cycle_id, by=act.by, via=act.via)


def slip_again(office: Office, act: Recorded) -> None:
    told = office.see(act.cycle_id, lambda here: here.facts.past("reprint_slip", SlipReprinted))
    number = next(again.record.slip for again in told if again.seq == act.seq)
    papers.print_sheets(office, act.cycle_id, partial(slips.slips_again, number=number))
