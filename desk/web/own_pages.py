"""Acts that have pages of their own, because they bring a file, or the machine works something out for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from desk.web.asked import Asked
from models.errors import Refused, TsudoiError, Unknown
from models.words import _
from states.acts import row_of
from states.gaps import missing
from states.look import Look
from views.standing import act_title


@dataclass(frozen=True, kw_only=True)
class Own:
    """Such a page: its template, what it is for in a sentence, what its form does, and the label of its file, if any.

    `does` takes the request and the id of the year.
    """

    template: str
    help: str
    does: Callable[[Asked, str], Response]
    file: str = ""


def own_page(asked: Asked, pages: Mapping[str, Own], more: Callable[[Look], Mapping[str, Any]]) -> Response:
    """Do an act as its own page's form was sent, or show that page; what went wrong stands above the form.

    Args:
        asked: the request; its address names the act.
        pages: the acts that have such a page.
        more: what else their templates show of the year.

    """
    act, cycle_id = asked.part("act"), asked.cycle_id
    if act not in pages:
        raise Unknown(_("There is no such page."), _("Go back to your own work."))
    own, trouble = pages[act], None
    if asked.is_sent:
        with asked.visitor.office.look(cycle_id) as here:
            asked.visitor.must_enter(here, act)
        try:
            return own.does(asked, cycle_id)
        except TsudoiError as refused:
            trouble = refused
    with asked.visitor.office.look(cycle_id) as here:
        asked.visitor.must_enter(here, act)
        response = asked.shown(
            own.template, cycle=cycle_id, act=act, title=act_title(act), help=_(own.help), file=_(own.file),
            unmet=trouble.unmet if isinstance(trouble, Refused) else missing(here.facts, row_of(act)),
            due_on=here.facts.due.get(act), sent=asked.sent, trouble=trouble, **more(here),
        )  # fmt: skip
    response.status_code = 422 if trouble else 200
    return response
