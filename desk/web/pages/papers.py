"""The papers of a year, to be opened and printed where they are needed; what an act has left undone, done again.

A paper is made of what is on record when it is opened. A slip is not: it was printed once for its movement, and that
file is shown. The password notice is shown once, to whoever puts it into its envelope, on this machine.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from starlette.responses import Response

from adapters.programmes import templates_of
from desk.web.asked import AUDITOR, REGISTER, STAFF, Asked, Page
from desk.web.pages.acts import told
from models.documents import SLIPS
from models.errors import Unknown
from models.words import N_, _
from papers import (
    checking,
    control_ledger,
    enclosing,
    erasure,
    forms,
    incidents,
    mailing,
    media_return,
    referring,
    reporting,
    slips,
    transfer,
)
from papers.sheet import Sheet
from states.look import Look
from states.rules.documents import slips_missing
from steps import after, notices, papers
from steps.papers import Builder
from views import agenda
from views.incidents import incidents_of
from views.standing import act_title

_PDF = "application/pdf"
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A paper of the year: the name of its sheet, its title, and what makes it."""

    name: str
    title: str
    build: Builder


# Papers of one sheet: their names, their titles, what makes each, and the act after which there is something on it.
_AFTER: tuple[tuple[str, str, Builder, str], ...] = (
    ("referral", N_("Referral to the review board"), referring.referral, ""),
    ("checklist-ward", N_("Checklist of the ward's measures"), referring.checklists, ""),
    ("checklist-contractor", N_("Checklist of the contractor's measures"), referring.checklists, ""),
    ("extract-report", N_("Page for the two checkers"), checking.extract_report, "take_extract"),
    ("control-sheet", N_("Control sheet of the medium"), partial(transfer.control_sheet, act="seal_package"),
     "seal_package"),
    ("control-sheet-additions", N_("Control sheet of the additional medium"),
     partial(transfer.control_sheet, act="seal_additions"), "seal_additions"),
    ("pull-list-1", N_("Pull list"), partial(enclosing.pull_list, act="issue_pull_list"), "issue_pull_list"),
    ("pull-list-2", N_("Last pull list"), partial(enclosing.pull_list, act="issue_final_pull_list"),
     "issue_final_pull_list"),
    ("posting-paper", N_("Paper for the post office"), mailing.posting_paper, "approve_posting"),
    ("return-note", N_("The contractor's return note"), media_return.return_note, "post"),
    ("erasure-report", N_("The contractor's erasure report"), erasure.erasure_report, "post"),
    ("erasure-record", N_("Record of the erasure"), erasure.erasure_record, "erase_ward_data"),
    ("ledger", N_("Control ledger"), control_ledger.ledger_print, ""),
    ("report", N_("Report of the year"), reporting.report, ""),
    ("handover-memo", N_("Memorandum for the next in charge"), referring.handover_memo, ""),
)  # fmt: skip


def overview(asked: Asked) -> Response:
    """Show every paper of the year, the slips with those that wait for a stamp, and what acts have left to be done."""
    office, cycle_id = asked.visitor.office, asked.cycle_id
    with office.look(cycle_id) as here:
        facts, waiting = here.facts, frozenset(slips_missing(here.facts))
        printed = papers.printed(here.connection, cycle_id)
        movements = [
            (slip, act_title(slip.row.trigger), slip.paper in printed, slip.record.slip in waiting)
            for slip in slips.slips_of(here.connection, cycle_id)
        ]  # fmt: skip
        groups = {
            N_("Papers of the year"): list(_of_the_year(here)), N_("The contractor's forms"): list(_forms(here)),
            N_("Documents that the ward issues"): list(_ward_forms(here)),
        }  # fmt: skip
        notice = notices.to_show(here)
        may_see = agenda.may_enter(here, asked.visitor.person, "record_notice_printed")
        again = [(act, act_title(act), facts.done[act].on) for act in after.AFTER if act in facts.done]
    return asked.shown(
        "papers.html", cycle=cycle_id, slips=movements, notice=notice, may_see=may_see, is_local=asked.is_local,
        inbox=asked.office.settings.inbox, again=again, workbook=papers.WORKBOOK,
        specimen=papers.SPECIMEN, document=SLIPS, only_reads=asked.visitor.has(*AUDITOR),
        groups=[(_(title), found) for title, found in groups.items() if found],
    )  # fmt: skip


def paper(asked: Asked) -> Response:
    """Show a paper as it stands now."""
    office, cycle_id, name = asked.visitor.office, asked.cycle_id, asked.part("name")
    if name == papers.WORKBOOK:
        return _workbook(asked, cycle_id)
    if name == papers.SPECIMEN:
        return _inline(papers.specimen_of(office, cycle_id), name)
    with office.look(cycle_id) as here:
        known = {one.name: one for one in (*_of_the_year(here), *_forms(here), *_ward_forms(here))}
    if name not in known:
        raise _no_paper()
    [(_name, pdf)] = papers.pdfs(office, cycle_id, partial(_only, build=known[name].build, name=name))
    return _inline(pdf, name)


def slip(asked: Asked) -> Response:
    """Show the file of a slip as it was printed for its movement."""
    office, cycle_id = asked.visitor.office, asked.cycle_id
    with office.look(cycle_id) as here:
        names = {one.file for one in slips.slips_of(here.connection, cycle_id)}
    name = asked.part("name")
    path = office.papers / f"{name}.pdf"
    if name not in names or not path.is_file():
        raise Unknown(
            _("The file of this slip is not here: it was printed elsewhere, or taken away."),
            _("If the paper is gone too, print it again: “{act}”.").format(act=act_title("reprint_slip")),
        )
    return _inline(path.read_bytes(), name)


def notice(asked: Asked) -> Response:
    """Show the password notice, once: only a button of the page asks for it, never an address."""
    if not asked.is_sent:
        return asked.on_to(f"/{asked.part('cycle')}/papers")
    pdf = notices.show(asked.visitor.office, asked.cycle_id, by=asked.visitor.id)
    return _inline(pdf, notices.NOTICE)


def again(asked: Asked) -> Response:
    """Do once more what follows an act; the act itself is not done again."""
    if not asked.is_sent:
        return asked.on_to(f"/{asked.part('cycle')}/papers")
    office, cycle_id, act = asked.visitor.office, asked.cycle_id, asked.part("act")
    outcome = after.again(office, office.facts(cycle_id), act, by=asked.visitor.id)
    made = [] if outcome.left else [_("What follows the act was done once more.")]
    return told(asked, cycle_id, [outcome], notes=made)


def _of_the_year(here: Look) -> Iterator[Paper]:
    done = here.facts.done
    for name, title, build, act in _AFTER:
        if not act or act in done:
            yield Paper(name=name, title=_(title), build=build)
    for incident in incidents_of(here):
        if incident.report:
            build = partial(incidents.incident_papers, seq=incident.ledger_seq)
            for kind, title in _OF_INCIDENTS.items():
                number = incident.number
                yield Paper(name=f"incident-{number}-{kind}", title=_(title).format(number=number), build=build)


_OF_INCIDENTS: Mapping[str, str] = {
    "report": N_("Incident {number}: report"), "notice": N_("Incident {number}: notice to those concerned"),
    "publication": N_("Incident {number}: publication"),
}  # fmt: skip


def _forms(here: Look) -> Iterator[Paper]:
    for number, form in enumerate(forms.forms_in(templates_of(here.programme)), start=1):
        yield Paper(name=f"form-{number:02}-{form.key}", title=form.title, build=forms.contractor_forms)


def _ward_forms(here: Look) -> Iterator[Paper]:
    made = {sheet.name for sheet in forms.ward_forms(here)}  # without those for what there is none of
    for form in forms.forms_in(templates_of(here.programme), forms.WARD_FILE):
        name = f"document-{form.document:02}-{form.key}"
        if name in made and (not form.act or form.act in here.facts.done):
            yield Paper(name=name, title=form.title, build=forms.ward_forms)


def _only(here: Look, build: Builder, name: str) -> Sheet:
    """Return the sheet of a name among those that are made together."""
    made = build(here)
    found = next((sheet for sheet in ((made,) if isinstance(made, Sheet) else made) if sheet.name == name), None)
    if found is None:
        raise _no_paper()
    return found


def _workbook(asked: Asked, cycle_id: str) -> Response:
    content = papers.workbook_of_forms(asked.visitor.office, cycle_id)
    if not content:
        raise _no_paper()
    named = f'attachment; filename="{papers.WORKBOOK}.xlsx"'
    return Response(content, media_type=_EXCEL, headers={"content-disposition": named})


def _inline(pdf: bytes, name: str) -> Response:
    return Response(pdf, media_type=_PDF, headers={"content-disposition": f'inline; filename="{name}.pdf"'})


def _no_paper() -> Unknown:
    return Unknown(_("There is no such paper in this year."), _("Choose one of the list of papers."))


_READERS = STAFF | REGISTER
PAGES = (
    Page(path="/{cycle}/papers", shows=overview, readers=_READERS | AUDITOR, menu=N_("Papers")),
    Page(path="/{cycle}/papers/notice", shows=notice, readers=_READERS, takes_a_form=True, of_residents=True),
    Page(path="/{cycle}/papers/after/{act}", shows=again, readers=_READERS, takes_a_form=True),
    Page(path="/{cycle}/papers/slips/{name}", shows=slip, readers=_READERS | AUDITOR),
    Page(path="/{cycle}/papers/{name}", shows=paper, readers=_READERS | AUDITOR),
)
