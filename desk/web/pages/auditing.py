"""What an auditor reads and every coordinator may: ledger, measures, counts; verification; the audit bundle."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from starlette.responses import Response

from adapters.codes import read_qr
from desk.web.asked import AUDITOR, STAFF, Asked, Page, numbers
from models.errors import TsudoiError
from models.people import SYSTEM
from models.words import N_, _
from states.look import Look
from steps import auditing
from steps.bundle import bundle
from views import counting, entries, measures

if TYPE_CHECKING:
    from states.ledger import Verified

_READERS = STAFF | AUDITOR
_LONGEST = 200  # characters of a search
_PICTURE = 20 * 1024 * 1024  # bytes of a photo of a slip


def _names(here: Look) -> dict[str, str]:
    """Return the names that stand behind the ids of entries; the machine acts under one of its own."""
    return {SYSTEM: _("(by itself)"), **{person.id: person.name for person in here.facts.people.values()}}


def ledger(asked: Asked) -> Response:
    """Show the entries of a year, found by words and by person."""
    query = asked.request.query_params
    words, by = query.get("words", "")[:_LONGEST], query.get("by", "")[:_LONGEST]
    page = 1
    with suppress(ValueError):
        page = min(10**6, int(query.get("page", "1")))
    with asked.visitor.office.look(asked.cycle_id) as here:
        found = entries.entries(here, words=words, by=by, page=page)
        names = _names(here)
        cycle_id = here.cycle_id
    return asked.shown("ledger.html", found=found, words=words, by=by, names=names, cycle=cycle_id)


def entry(asked: Asked) -> Response:
    """Show one entry whole, and what corrects it."""
    [seq] = numbers([asked.part("seq")]) or [0]  # there is no such entry
    with asked.visitor.office.look(asked.cycle_id) as here:
        one, record, corrected_by = entries.entry(here, seq)
        names = _names(here)
        cycle_id = here.cycle_id
    return asked.shown(
        "entry.html", one=one, record=record, corrected_by=corrected_by, names=names, cycle=cycle_id,
        may_correct=not asked.visitor.has(*AUDITOR),
    )  # fmt: skip


def measures_of(asked: Asked) -> Response:
    """Show the measures of the checklists as they stand, each with what shows it."""
    with asked.visitor.office.look(asked.cycle_id) as here:
        found = measures.standings(here)
        names = _names(here)
        cycle_id = here.cycle_id
    return asked.shown("measures.html", found=found, counts=measures.counts(found), names=names, cycle=cycle_id)


def counts(asked: Asked) -> Response:
    """Show the conservation of counts: every line with its source, and what contradicts another."""
    with asked.visitor.office.look(asked.cycle_id) as here:
        found, cycle_id = counting.counts(here), here.cycle_id
    return asked.shown("counts.html", found=found, cycle=cycle_id)


def verify(asked: Asked) -> Response:
    """Verify the ledger byte by byte, with checkpoints typed from a slip, or scanned, if there are any."""
    verified: Verified | None = None
    trouble: TsudoiError | None = None
    typed = asked.sent.texts.get("checkpoint", [""])[0].replace("\r\n", "\n").strip()
    scanned: list[str] = []
    if asked.is_sent:
        try:
            if picture := asked.sent.files.get("picture"):
                scanned = read_qr(picture.content)
            verified = auditing.verify_typed(asked.office, *scanned, *([f"{typed}\n"] if typed else []))
        except TsudoiError as found:
            trouble = found
    return asked.shown(
        "verify.html", verified=verified, trouble=trouble, typed=typed, scanned=scanned,
        key=auditing.key_of(asked.office),
    )  # fmt: skip


def take_bundle(asked: Asked) -> Response:
    """Give the audit bundle of a year, which is verifiable offline; it holds no resident's data."""
    cycle_id = asked.cycle_id
    if not asked.is_sent:
        return asked.shown("bundle.html", cycle=cycle_id)
    with TemporaryDirectory(dir=asked.office.home) as folder:
        path = Path(folder) / f"{cycle_id}.zip"
        bundle(asked.visitor.office, cycle_id, path)
        content = path.read_bytes()
    return Response(
        content, media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{cycle_id}.zip"'},
    )  # fmt: skip


PAGES = (
    Page(path="/{cycle}/ledger", shows=ledger, readers=_READERS, menu=N_("Ledger")),
    Page(path="/{cycle}/entries/{seq}", shows=entry, readers=_READERS),
    Page(path="/{cycle}/measures", shows=measures_of, readers=_READERS, menu=N_("Measures")),
    Page(path="/{cycle}/counts", shows=counts, readers=_READERS, menu=N_("Counts")),
    Page(path="/{cycle}/bundle", shows=take_bundle, readers=_READERS, takes_a_form=True, menu=N_("Audit bundle")),
    Page(
        path="/verify", shows=verify, readers=_READERS, takes_a_form=True, menu=N_("Verify the ledger"),
        largest=_PICTURE,
    ),
)  # fmt: skip
