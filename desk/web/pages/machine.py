"""What the machine works out for a person: from a file that names no resident, or from what is on record."""

from collections.abc import Mapping

from starlette.responses import Response

from desk.web.asked import CONTRACTOR, REGISTER, STAFF, Asked, Page
from desk.web.own_pages import Own, own_page
from desk.web.pages.acts import told
from models import choices
from models.errors import BadInput
from models.words import N_, _
from steps import enclosing

_PAGE = "machine.html"
TRAYS = 3  # rows for trays that were counted by hand; more are sent with the next comparison


def work(asked: Asked) -> Response:
    """Show the form, or do what it was sent for."""
    return own_page(asked, WORKS, lambda _here: {"trays": range(TRAYS)})


def _imprint(asked: Asked, cycle_id: str) -> Response:
    from steps import printing

    found, outcome = printing.compare_imprint(
        asked.visitor.office, cycle_id, _files(asked)[0], by=asked.visitor.id
    )  # fmt: skip
    wrong = {
        N_("Name and address do not belong together: {serials}"): found.wrong,
        N_("Not about to be printed: {serials}"): found.missing, N_("Not to be printed: {serials}"): found.alien,
    }  # fmt: skip
    notes = [_("{count} rows are right.").format(count=f"{found.right:,}")]
    notes += [_(words).format(serials=serials) for words, serials in wrong.items() if serials]
    if len(notes) > 1:
        notes.append(_("Have them mended and compared again: nothing counts as printed before."))
    return told(asked, cycle_id, [outcome], notes=notes)


def _reconcile(asked: Asked, cycle_id: str) -> Response:
    sent = asked.sent
    pairs = zip(sent.texts.get("tray", ()), sent.texts.get("serials", ()), strict=False)
    trays = enclosing.trays_of(f"{name}={serials}" for name, serials in pairs if name.strip() or serials.strip())
    logs = [file.content for file in sent.several.get("file", ())]
    found, outcome = enclosing.reconcile(
        asked.visitor.office, cycle_id, logs=logs, trays=trays, instead=sent.one("instead") == "true",
        by=asked.visitor.id,
    )  # fmt: skip
    record = found.record
    words = _("{scans} scans from {logs} logs and {trays} trays; {sealed} serials are sealed.")
    notes = [
        words.format(
            scans=f"{record.scans:,}", logs=len(record.logs), trays=record.trays, sealed=f"{found.sealed:,}"
        )
    ]  # fmt: skip
    if found.repeated:
        said = _("{count} scans stand in several logs and were counted once.")
        notes.append(said.format(count=f"{found.repeated:,}"))
    notes += [
        f"{choices.said(choices.DIFFERENCES, name)}: {serials}"
        for name, serials in found.differences().items() if serials
    ] or [_("Scans and serials agree.")]  # fmt: skip
    return told(asked, cycle_id, [outcome], notes=notes)


def _pull_list(asked: Asked, cycle_id: str) -> Response:
    from steps import protection

    outcome = protection.issue_pull_list(asked.visitor.office, cycle_id, by=asked.visitor.id)
    return told(asked, cycle_id, [outcome])


def _files(asked: Asked) -> list[bytes]:
    if "file" not in asked.sent.files:
        raise BadInput(_("No file was chosen, or it is empty."), _("Choose the file and send it again."))
    return [file.content for file in asked.sent.several["file"]]


_PULL_LIST = Own(
    template=_PAGE,
    help=N_("The pull list with exactly the serials that changes and re-checks name and that are not pulled yet."),
    does=_pull_list,
)
WORKS: Mapping[str, Own] = {
    "compare_imprint": Own(
        template=_PAGE,
        help=N_("What the contractor is about to print is compared row by row with what was sent to him."),
        file=N_("The contractor's check values"), does=_imprint,
    ),
    "reconcile_enclosing": Own(
        template=_PAGE,
        help=N_("Scan logs of the sealer, and trays that were counted by hand, are joined with the serials."),
        file=N_("Scan logs (several at once)"), does=_reconcile,
    ),
    "issue_pull_list": _PULL_LIST, "issue_final_pull_list": _PULL_LIST,
}  # fmt: skip

PAGES = (
    Page(path="/{cycle}/machine/{act}", shows=work, readers=STAFF | REGISTER | CONTRACTOR, takes_a_form=True),
)  # fmt: skip
