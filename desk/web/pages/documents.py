"""The year's documents: how each stands, its files to open, and the form by which one that came is filed.

A file of a kind that can show residents goes into the vault, from a browser on this machine alone, or is refused.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date

from starlette.responses import Response

from adapters.file_types import ending_of
from desk.web.asked import AUDITOR, REGISTER, STAFF, Asked, Page
from desk.web.guard import NotHere
from desk.web.pages.acts import told
from models import choices
from models.documents import BY_NUMBER, SLIPS
from models.errors import BadInput, Refused, TsudoiError, Unknown
from models.records.oversight import PaperFiled
from models.words import N_, _, day_in_words
from states.rules.custody import slips_of_movements
from states.rules.documents import slips_missing
from steps import documents as filing
from views import agenda
from views.documents import Filed, documents

_SHOWN: Mapping[str, str] = {".pdf": "application/pdf", ".png": "image/png", ".jpg": "image/jpeg"}


def overview(asked: Asked) -> Response:
    """Show every document of the year with its state and its files."""
    with asked.visitor.office.look(asked.cycle_id) as here:
        found = documents(here)
        may = agenda.may_enter(here, asked.visitor.person, "file_document")
    return asked.shown(
        "documents.html", cycle=asked.cycle_id, documents=found, may=may, is_local=asked.is_local,
        parties=choices.PARTIES, standings=choices.DOCUMENTS, said=choices.said, wareki=day_in_words,
    )  # fmt: skip


def document(asked: Asked) -> Response:
    """Show one document, and file what came of it."""
    cycle_id, number, trouble = asked.cycle_id, _number(asked), None
    with asked.visitor.office.look(cycle_id) as here:
        may = agenda.may_enter(here, asked.visitor.person, "file_document")
    if asked.is_sent and BY_NUMBER[number].shows_residents and not asked.is_local:
        raise NotHere
    if asked.is_sent:
        try:
            return _filed(asked, cycle_id, number, may=may)
        except TsudoiError as refused:
            trouble = refused
    with asked.visitor.office.look(cycle_id) as here:
        one = next(one for one in documents(here) if one.document.number == number)
        missing = slips_missing(here.facts) if number == SLIPS else ()
        known = slips_of_movements(here.facts) if number == SLIPS else ()
        today = here.today
    chosen = asked.sent.all("slip") or asked.request.query_params.getlist("slip")
    response = asked.shown(
        "document.html", cycle=cycle_id, one=one, may=may, is_local=asked.is_local, missing=missing, known=known,
        chosen=chosen, today=today, trouble=trouble, unmet=trouble.unmet if isinstance(trouble, Refused) else (),
        sent=asked.sent, inbox=asked.office.settings.inbox, parties=choices.PARTIES, standings=choices.DOCUMENTS,
        said=choices.said, wareki=day_in_words,
    )  # fmt: skip
    response.status_code = 422 if trouble else 200
    return response


def _filed(asked: Asked, cycle_id: str, number: int, *, may: bool) -> Response:
    sent, names_residents = asked.sent, asked.request.url.path.endswith(_RESIDENTS)
    if not may:
        raise Unknown(_("Filing documents is not yours."), _("Go back to your own work."))
    if "file" not in sent.files:
        raise BadInput(_("No file was chosen, or it is empty."), _("Choose the file and send it again."))
    file = sent.files["file"]
    outcome = filing.file(
        asked.visitor.office, cycle_id, (file.name, file.content), by=asked.visitor.id, number=number,
        dated_on=_day(sent.one("dated_on")), received_on=_day(sent.one("received_on")),
        names_residents=names_residents, slips=sent.all("slip"), original=sent.one("original"),
    )  # fmt: skip
    return told(asked, cycle_id, [outcome])


def file(asked: Asked) -> Response:
    """Show a file of a document: one in the vault to a browser on this machine alone."""
    cycle_id, number, digest = asked.cycle_id, _number(asked), asked.part("digest")
    with asked.visitor.office.look(cycle_id) as here:
        found = _paper(documents(here), number, digest)
    if found is None:
        raise _no_file()
    if found.in_vault:
        if not asked.is_local:
            raise NotHere
        content = asked.visitor.office.vault(cycle_id).read(f"document-{number:02}-{digest[:16]}")
    else:
        path = asked.office.home / "evidence" / found.sha256
        if not path.is_file():
            raise _no_file()
        content = path.read_bytes()
    ending = ending_of(content)
    how = "inline" if ending in _SHOWN else "attachment"
    return Response(
        content, media_type=_SHOWN.get(ending, "application/octet-stream"),
        headers={"content-disposition": f'{how}; filename="document-{number:02}{ending}"'},
    )  # fmt: skip


def _paper(found: tuple[Filed, ...], number: int, digest: str) -> PaperFiled | None:
    papers = [paper for one in found if one.document.number == number for _seq, paper in one.papers]
    return next((paper for paper in papers if paper.sha256 == digest), None)


def _number(asked: Asked) -> int:
    text = asked.part("number")
    if not re.fullmatch(r"\d{1,2}", text) or int(text) not in BY_NUMBER:
        raise Unknown(_("There is no such page."), _("Go back to your own work."))
    return int(text)


def _day(text: str) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(text) if text else None
    raise BadInput(_("A date cannot be read."), _("Choose it again."))


def _no_file() -> Unknown:
    return Unknown(_("There is no such file here."), _("Choose one of the list of documents."))


_READERS = STAFF | REGISTER
_RESIDENTS = "/residents"
PAGES = (
    Page(path="/{cycle}/documents", shows=overview, readers=_READERS | AUDITOR, menu=N_("Documents")),
    Page(path="/{cycle}/documents/{number}", shows=document, readers=_READERS, takes_a_form=True),
    Page(
        path="/{cycle}/documents/{number}" + _RESIDENTS, shows=document, readers=_READERS, takes_a_form=True,
        of_residents=True,
    ),
    Page(path="/{cycle}/documents/{number}/{digest}", shows=file, readers=_READERS | AUDITOR),
)  # fmt: skip
