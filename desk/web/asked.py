"""What a page is asked for, and what a page is: its address, who may open it, and the function that shows it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from desk.web import answers
from desk.web.guard import is_local
from desk.web.uploads import LARGEST, Sent
from desk.web.visitors import Visitor
from models.errors import Unknown
from models.people import Role
from models.words import _
from steps.office import Office

STAFF = frozenset({Role.COORDINATOR, Role.APPROVER, Role.DEPUTY, Role.INSPECTOR})
REGISTER = frozenset({Role.REGISTRAR})
CONTRACTOR = frozenset({Role.HANDLING_MANAGER, Role.HANDLER})
AUDITOR = frozenset({Role.AUDITOR})
EVERYBODY = frozenset(Role)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request for a page: by whom, with what form."""

    request: Request
    office: Office = field(repr=False)  # of nobody: what is done for a visitor, is done by the visitor's own
    sent: Sent = field(default_factory=Sent)
    is_opened: bool = False  # though something else was sent: the form of an act, as it was read from a file

    @property
    def visitor(self) -> Visitor:
        """Return who is logged in; every page but the login has one."""
        visitor: Visitor | None = self.request.state.visitor
        assert visitor is not None
        return visitor

    @property
    def is_sent(self) -> bool:
        """Tell a form that was sent from a page that is opened."""
        return self.request.method == "POST" and not self.is_opened

    @property
    def is_local(self) -> bool:
        """Tell a browser on this very machine, which alone may see and send residents' data."""
        return is_local(self.request.scope)

    @cached_property
    def cycle_id(self) -> str:
        """Return the year that the address names.

        Raises:
            Unknown: it is not open, or there is none of that name.

        """
        programme, _dash, year = str(self.request.path_params["cycle"]).rpartition("-")
        if not re.fullmatch(r"\d{1,4}", year):
            raise Unknown(_("There is no such page."), _("Go back to your own work."))
        return self.visitor.office.cycle_id(int(year), programme)

    def part(self, name: str) -> str:
        """Return a part of the address."""
        return str(self.request.path_params[name])

    def shown(self, template: str, **values: Any) -> Response:
        """Return a page made of a template."""
        return answers.page(self.request, template, **values)

    def on_to(self, path: str) -> Response:
        """Send the browser to another page of the desk."""
        return RedirectResponse(path, 303)


def numbers(texts: Iterable[str]) -> list[int]:
    """Return the numbers among the texts of an address or form; what is longer than any number of ours is none."""
    return [int(text) for text in texts if re.fullmatch(r"\d{1,9}", text)]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page: its address, what shows it, who may open it; `is_open` to everybody without a session.

    A page of a year has `{cycle}` in its address, and stands in the menu while that year is looked at.
    """

    path: str
    shows: Callable[[Asked], Response]
    readers: frozenset[Role] = EVERYBODY
    takes_a_form: bool = False
    is_open: bool = False
    menu: str = ""  # a message of the catalogue: its words in the menu
    largest: int = LARGEST  # bytes of the files of its form
    of_residents: bool = False  # its form is read only from a browser on this machine (Law 9)
    leads_to_acts: bool = False  # though it has no form of its own

    @property
    def asks_for_the_passphrase(self) -> bool:
        """Tell what whom a proxy let in does not open by that alone: whatever does more than show."""
        return self.takes_a_form or self.leads_to_acts

    @property
    def methods(self) -> list[str]:
        """Return by which methods it may be asked for."""
        return ["GET", "POST"] if self.takes_a_form else ["GET"]
