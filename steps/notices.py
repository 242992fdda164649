"""The password notice between the printer and its envelope: shown once, taken down; of a rehearsal, blanked."""

from functools import partial

from adapters.password import GROUPS
from adapters.vault import shred
from models.errors import Unknown
from models.records.transfer import NoticePrinted
from models.words import _
from papers.transfer import password_notice, suffix_of
from states.look import Look
from states.rules.custody import notice_in_force, sealing_of
from steps import papers
from steps.office import Office
from views.standing import act_title

NOTICE = "password-notice"
_SEALINGS = ("seal_package", "seal_additions")


def to_show(here: Look) -> str:
    """Return the number of the notice in force while it waits for its envelope and nobody was shown it, else ""."""
    number = notice_in_force(here.facts)
    enveloped = {printed.record.notice for printed in here.facts.past("record_notice_printed", NoticePrinted)}
    shown = papers.printed(here.connection, here.cycle_id, event="paper_shown")
    is_here = number in {item.number for item in here.facts.things_in("with_ward")}
    return number if is_here and number not in enveloped and f"notice {number}" not in shown else ""


def show(office: Office, cycle_id: str, *, by: str, via: str = "desk") -> bytes:
    """Return the printed notice as PDF to whoever puts it into its envelope: once, and its file is erased.

    The ledger tells it before anything is shown. Whoever needs it again prints another one (reprint_notice).

    Raises:
        Refused: it is not for this person to put it into its envelope, or not the time.
        Unknown: it was shown, or is in its envelope, or was never printed here.

    """
    office.door.ask_first(cycle_id, "record_notice_printed", by=by, via=via)
    with office.look(cycle_id) as here:
        number, act = to_show(here), sealing_of(here.facts)
    path = office.papers / f"{NOTICE}{suffix_of(act)}.pdf"
    if not number or not path.is_file():
        raise Unknown(
            _("No password notice waits to be shown: it was shown already, or is in its envelope."),
            _("If the paper is spoiled or lost, print another one: “{act}”.").format(act=act_title("reprint_notice")),
        )
    content = path.read_bytes()
    office.door.note(cycle_id, "paper_shown", by=by, via=via, data={"paper": f"notice {number}"})
    take_down(office, act)
    return content


def take_down(office: Office, act: str) -> None:
    """Erase the file of a package's password notice. A rehearsal leaves it for looking at."""
    if not office.is_rehearsal:
        shred(office.papers / f"{NOTICE}{suffix_of(act)}.pdf")


def blank(office: Office, cycle_id: str) -> None:
    """Print the notices among a rehearsal's papers without their password, which is to lie nowhere at its end."""
    for act in _SEALINGS:
        path = office.papers / f"{NOTICE}{suffix_of(act)}.pdf"
        if path.exists():
            shred(path)
            without_password = partial(password_notice, act=act, groups=[("―" * 5, "")] * GROUPS)
            papers.print_sheets(office, cycle_id, without_password)
