"""The contractor's forms in Excel: given out with what is known, read when they come back, and filed with their act."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters import entry_form
from models.clock import fiscal_year_title
from models.errors import BadInput, Refused
from models.words import _
from papers.entry_forms import DOCUMENT_OF, OWN_FILE, is_reported
from papers.entry_forms import entry_form as form_of
from states.look import Look
from states.rows import Row
from states.table import BY_TRIGGER
from steps import acting
from steps.office import Office
from views.standing import act_title

_LONGEST = 40  # characters of a year's name
LARGEST = 4 << 20  # bytes; a form that is filled in has a hundredth of it


@dataclass(frozen=True, kw_only=True)
class Came:
    """A form that came back: of which act, who reports it, what was read, what is wrong by field, and its file's hash.

    `file` is "" where the file is kept neither with its act nor as a document.
    """

    row: Row
    by: str
    values: Mapping[str, Any]
    wrong: Mapping[str, str]
    file: str


def made(here: Look, act: str, *, mailed: bool = False) -> tuple[str, bytes]:
    """Return the form of an act, filled in with what is known: its file's name, and the workbook.

    What goes by mail says no serials.
    """
    name = f"{act_title(act)}_{fiscal_year_title(here.facts.fiscal_year)}.xlsx"
    return name.replace("/", "・"), entry_form.write(form_of(here, act, mailed=mailed))


def read(office: Office, cycle_id: str, name: str, content: bytes) -> Came:
    """Read a form that came back; nothing is recorded yet.

    Raises:
        BadInput: it is no form of this year and edition, or a file that no form is: with macros, formulas, too large.

    """
    if not name.lower().endswith(".xlsx") or len(content) > LARGEST:
        raise BadInput(
            _("This file is no Excel form: it does not end in .xlsx, or is larger than any of them."),
            _("Take the form anew from the list, fill it in and save it as .xlsx."),
        )
    sheets = entry_form.sheets_of(acting.judged(name, content))
    marks = entry_form.marks_of(sheets)
    with office.look(cycle_id) as here:
        row = _checked(here, marks)
        form = form_of(here, row.trigger)
        found = entry_form.read(form, sheets)
    if marks.edition != form.edition:
        raise _of_another(_("It is of an edition that has other fields."))
    fits = row.trigger in OWN_FILE or row.trigger in DOCUMENT_OF
    file = acting.keep(office, content) if fits else ""
    own = {OWN_FILE[row.trigger]: file} if row.trigger in OWN_FILE else {}
    return Came(row=row, by=found.by, values={**found.values, **own}, wrong=found.wrong, file=file)


def _checked(here: Look, marks: entry_form.Marks) -> Row:
    row = BY_TRIGGER.get(marks.act)
    if marks.cycle != here.cycle_id:
        raise _of_another(_("It is of another year or mailing ({cycle}).").format(cycle=_known_cycle(marks.cycle)))
    if row is None or not is_reported(here, row):
        raise _of_another(_("It is of no act that the contractor reports."))
    return row


def _known_cycle(text: str) -> str:
    """Return a cycle's name as far as it looks like one."""
    key, _dash, year = text.rpartition("-")
    return text if key.isidentifier() and year.isdecimal() and len(text) <= _LONGEST else "?"


def _of_another(why: str) -> BadInput:
    return BadInput(
        _("This form cannot be taken here. {why}").format(why=why),
        _("Take the form anew from the list, fill it in and save it as .xlsx."),
    )


def file(office: Office, cycle_id: str, act: str, sha256: str, *, by: str) -> str:
    """File the form of an act that is done as the document that it is; say in words that it is, or why it is not."""
    today, number = office.clock.now().date(), DOCUMENT_OF[act]
    fields = {"document": number, "sha256": sha256, "dated_on": today, "received_on": today}
    try:
        acting.perform(
            office, cycle_id, "file_document", by=by, fields=fields, key=f"{cycle_id}/file_document/{sha256}"
        )
    except (BadInput, Refused) as refused:
        return _("The form itself is not filed as a document yet: {why}").format(why=refused.message)
    return _("The form itself is filed as document No. {number}.").format(number=number)
