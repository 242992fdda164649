"""The register of people: who may act, who is away, who has a key; its entries, and slips of one-use passphrases."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from starlette.responses import Response

from desk.web.asked import AUDITOR, STAFF, Asked, Page
from desk.web.inputs import Choices, inputs, typed
from desk.web.pages.acts import told
from models.clock import fiscal_year_of
from models.errors import BadInput, Refused, TsudoiError, Unknown
from models.fields import Field, fields_of
from models.people import Person, Role, Side
from models.records.people import PersonEntered
from models.words import N_, _
from states.acts import Outcome, Proposed
from states.rows import KEEPERS
from steps import acting, identity, preparation, taking_over
from views.people import on_register

_FIELDS = "entry."
_ACTS = ("register_people", "change_people", "change_roles", "give_key")
_YEARS = range(2000, 2101)
_OWN_WORDS = {"person", "name", "mail"}


def people(asked: Asked) -> Response:
    """Show everybody on the register, house by house, and what waits for a second person."""
    office = asked.visitor.office
    everybody, today = preparation.everybody(office), office.clock.now().date()
    with office.look_around() as looks:
        found = on_register(everybody, looks, today)
        cycles = [(here.cycle_id, here.programme.ceremony) for here in looks]
    houses = [(side, [one for one in found if one.person.side is side]) for side in Side]
    return asked.shown(
        "people.html", found=found, houses=houses, cycles=cycles, waiting=_waiting(asked), may=_keeps(asked),
        names={one.id: one.name for one in everybody}, next_year=fiscal_year_of(today) + 1, today=today,
    )  # fmt: skip


def _waiting(asked: Asked) -> list[tuple[str, str, Proposed]]:
    """Return what of the register is proposed and not confirmed yet: the cycle, the act, the proposal."""
    office = asked.visitor.office
    if identity.is_setting_up(office):
        return []
    cycle_id, _year = identity.newest_cycle(office)
    return [(cycle_id, act, one) for act in _ACTS for one in acting.waiting(office, cycle_id, act)]


def person(asked: Asked) -> Response:
    """Show a person's entry with its absences, or change it; roles are an act of their own."""
    office, known = asked.visitor.office, _known(asked)
    if asked.is_sent:
        _insist_on_a_keeper(asked)
        return _entered(asked, known)
    today = office.clock.now().date()
    with office.look_around() as looks:
        [found] = [it for it in on_register(_everybody(asked), looks, today) if it.person.id == known.id]
        cycles = [(here.cycle_id, here.programme.ceremony) for here in looks]
    return _form(asked, known, {}, {}, None, found=found, cycles=cycles)


def new(asked: Asked) -> Response:
    """Put a person on the register."""
    if asked.is_sent:
        return _entered(asked, None)
    return _form(asked, None, _of_a_year(asked), {}, None)


def import_(asked: Asked) -> Response:
    """Take last year's people in from Excel; each is confirmed for the new year afterwards."""
    if not asked.is_sent:
        return asked.shown("people_import.html", trouble=None, year=_this_year(asked))
    try:
        file, year = asked.sent.files.get("book"), _year(asked)
        if file is None:
            raise BadInput(_("No file was chosen."), _("Choose it, and send it again."))
        taken = taking_over.import_people(asked.visitor.office, file.content, year, by=asked.visitor.id)
    except TsudoiError as refused:
        response = asked.shown("people_import.html", trouble=refused, year=asked.sent.one("year"))
        response.status_code = 422
        return response
    if taken.proposed:
        return _told(asked, taken.proposed)
    return asked.on_to("/people")


def confirm(asked: Asked) -> Response:
    """Confirm people for a fiscal year, so that they may act in it; its form stands on the list of people."""
    if not asked.is_sent:
        return asked.on_to("/people")
    ids, year = asked.sent.all("person"), _year(asked)
    if not ids:
        raise BadInput(_("Nobody was chosen."), _("Tick whoever goes on, and send it again."))
    _confirmed, waiting = taking_over.confirm_people(asked.visitor.office, tuple(ids), year, by=asked.visitor.id)
    return _told(asked, waiting) if waiting else asked.on_to("/people")


def key(asked: Asked) -> Response:
    """Give a person a key, and show its passphrase for one use this once: it is kept nowhere."""
    known = _known(asked)
    if not asked.is_sent:
        return asked.shown("key.html", known=known, form=uuid.uuid4().hex, setting_up=_is_setting_up(asked))
    reason = "replaced" if asked.sent.one("reason") == "replaced" else "forgotten"
    slip, waiting = identity.give_key(
        asked.visitor.office, known.id, by=asked.visitor.id, reason=reason, form=asked.sent.one("key")[:64]
    )
    return asked.shown(
        "slip.html", known=known, slip=slip, waiting=waiting, by=asked.visitor.person, today=_today(asked)
    )  # fmt: skip


def _entered(asked: Asked, known: Person | None) -> Response:
    """Enter what was typed: at once while the office is set up, else proposed for a second person."""
    office, sent = (
        asked.visitor.office,
        typed(asked.visitor.office, fields_of(PersonEntered), asked.sent, prefix=_FIELDS),
    )
    if known:
        sent["person"] = known.id
    try:
        waiting = preparation.enter_people(office, (preparation.typed(sent),), by=asked.visitor.id)
    except acting.WrongFields as wrong:
        mended = BadInput(_("Some fields are missing or wrong."), _("They are marked below."))
        return _once_more(asked, known, sent, wrong.wrong, mended)
    except (BadInput, Refused) as refused:
        return _once_more(asked, known, sent, {}, refused)
    return _told(asked, waiting) if waiting else asked.on_to("/people")


def _once_more(
    asked: Asked, known: Person | None, sent: Mapping[str, Any], wrong: Mapping[str, str], trouble: TsudoiError
) -> Response:
    response = _form(asked, known, sent, wrong, trouble)
    response.status_code = 422
    return response


def _form(
    asked: Asked, known: Person | None, values: Mapping[str, Any], wrong: Mapping[str, str],
    trouble: TsudoiError | None, **shown: Any,
) -> Response:  # fmt: skip
    stands = PersonEntered.of(known).model_dump(mode="json") if known else {}
    fields = [_plain(field) for field in fields_of(PersonEntered) if not known or field.name != "person"]
    return asked.shown(
        "person.html", known=known, trouble=trouble, unmet=trouble.unmet if isinstance(trouble, Refused) else (),
        inputs=inputs(fields, values or stands, wrong, prefix=_FIELDS), may=_keeps(asked),
        choices=Choices(people=[it for it in _everybody(asked) if not known or it.id != known.id]),
        **({"found": None, "cycles": ()} | shown),
    )  # fmt: skip


def _plain(field: Field) -> Field:
    """Return an own name or address as plain text: what is said of free words to staff does not fit them."""
    return replace(field, takes=replace(field.takes, typed_as="text")) if field.name in _OWN_WORDS else field


def _of_a_year(asked: Asked) -> dict[str, Any]:
    """Return what a new entry begins with: valid for this fiscal year, as everybody's is."""
    year = _this_year(asked)
    return {"valid_from": f"{year}-04-01", "valid_to": f"{year + 1}-03-31"}


def _told(asked: Asked, outcomes: tuple[Outcome, ...]) -> Response:
    cycle_id, _year = identity.newest_cycle(asked.visitor.office)
    return told(asked, cycle_id, outcomes)


def _known(asked: Asked) -> Person:
    known = next((it for it in _everybody(asked) if it.id == asked.part("person")), None)
    if known is None:
        raise Unknown(_("Nobody on the register has this id."), _("The list of people shows everybody."))
    return known


def _everybody(asked: Asked) -> list[Person]:
    return preparation.everybody(asked.visitor.office)


def _year(asked: Asked) -> int:
    """Return the fiscal year that was typed."""
    text = asked.sent.one("year")
    if re.fullmatch(r"\d{4}", text) and int(text) in _YEARS:
        return int(text)
    raise BadInput(_("The fiscal year is missing or wrong."), _("Type it as 2027, and send it again."))


def _this_year(asked: Asked) -> int:
    return fiscal_year_of(_today(asked))


def _today(asked: Asked) -> date:
    return asked.office.clock.now().date()


def _is_setting_up(asked: Asked) -> bool:
    return identity.is_setting_up(asked.office)


def _keeps(asked: Asked) -> bool:
    """Tell who may change the register."""
    return asked.visitor.has(*KEEPERS)


def _insist_on_a_keeper(asked: Asked) -> None:
    if not _keeps(asked):
        raise Unknown(_("This page is not for you."), _("Go back to your own work."))


_KEEPERS: frozenset[Role] = frozenset(KEEPERS)
PAGES = (
    Page(path="/people", shows=people, readers=STAFF | AUDITOR, menu=N_("People")),
    Page(path="/people/{person}", shows=person, takes_a_form=True, readers=STAFF | AUDITOR),
    Page(path="/people/{person}/key", shows=key, takes_a_form=True, readers=_KEEPERS),
    Page(path="/new-person", shows=new, takes_a_form=True, readers=_KEEPERS),
    Page(path="/import-people", shows=import_, takes_a_form=True, readers=_KEEPERS),
    Page(path="/confirm-people", shows=confirm, takes_a_form=True, readers=_KEEPERS),
)
