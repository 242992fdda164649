"""Who comes to the desk: a person with a session, whose key is unlocked, and the office as that person may use it."""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from desk.web.guard import let_in
from models.errors import BadInput, TsudoiError, Unknown, Unmet
from models.people import Person, Role, Side
from models.words import _
from papers.entry_forms import CONTRACTORS
from states.look import Look
from states.table import BY_TRIGGER
from steps import identity
from steps.identity import AtTheDesk
from steps.office import Office
from views import agenda
from views.standing import act_title

COOKIE, BEFORE = "tsudoi_desk", "tsudoi_before"  # a session's token; a random word of a browser that has none yet


@dataclass(frozen=True, eq=False)
class Visitor:
    """A person at a browser. `token` is of the session, from which the token of every form is made.

    Whom a proxy let in reads without a session; `has_key` is who typed the passphrase, without which nothing is signed.
    """

    person: Person
    office: Office
    token: str = field(repr=False)
    has_key: bool = True

    @property
    def id(self) -> str:
        """Return the id on the register."""
        return self.person.id

    @property
    def is_contractors(self) -> bool:
        """Tell whoever sees the contractor's own acts and nothing else."""
        return self.person.side is Side.CONTRACTOR

    def has(self, *roles: Role) -> bool:
        """Tell whether the person has one of these roles."""
        return bool(self.person.roles & set(roles))

    def hears(self, unmet: Iterable[Unmet]) -> tuple[Unmet, ...]:
        """Return what is missing as this person may read it: the contractor's people no figure that is not theirs.

        Which of the ward's acts would meet it is the ward's to see; that it waits for the ward is not.
        """
        return tuple(map(_for_the_contractor, unmet)) if self.is_contractors else tuple(unmet)

    def must_enter(self, here: Look, act: str) -> None:
        """Refuse whoever may not enter an act of a year.

        Raises:
            Unknown: neither the own role nor, for the contractor, the coordinator's lets it be entered.

        """
        if not agenda.may_enter(here, self.person, act):
            words = _("“{act}” is not yours to enter.").format(act=act_title(act))
            raise Unknown(words, _("Go back to your own work."))

    @property
    def is_for_one_use(self) -> bool:
        """Tell whether the passphrase must be changed before anything else."""
        person = self.person
        return identity.keys_of(self.office).is_for_one_use(person.id, person.public_key)

    @cached_property
    def form_token(self) -> str:
        """Return what every form of this session brings back."""
        return form_token(self.token)


def _for_the_contractor(gap: Unmet) -> Unmet:
    is_theirs = bool(gap.act) and bool(CONTRACTORS & set(BY_TRIGGER[gap.act].who))
    names = f" [{gap.names}]" if gap.names and gap.act == "claim_measures" else ""
    missing = gap.missing.partition(" [")[0] + names
    return replace(gap, missing=missing, names="", act=gap.act if is_theirs else "")


def form_token(secret: str) -> str:
    """Return the token of the forms of a session, or of a browser before it has one."""
    return hmac.new(secret.encode(), b"tsudoi/form/1", sha256).hexdigest()


def visitor_of(request: Request, office: Office) -> Visitor | None:
    """Return who comes with a request; None where no session goes on, or the person may act no more today.

    Raises:
        Stranger: whom a proxy let in may not use the desk.

    """
    named, token = let_in(request.scope), cookie_of(request, COOKIE)
    keyring = AtTheDesk(office, ask=_nobody_else, tokens=token)
    person = identity.who_may_come(office, named or keyring.typist)
    if person is None:
        if named:
            raise Stranger
        return None
    unlocked = keyring.signer_of(person.id)  # None too where the session of the browser is another person's
    if unlocked and unlocked.public_key == person.public_key:  # else the key was given anew since
        return Visitor(person, office.of(keyring), token)
    nobody = office.of(AtTheDesk(office, ask=_nobody_else, tokens=""))
    return Visitor(person, nobody, request.state.before, has_key=False) if named else None


class Stranger(TsudoiError):
    """A proxy let in somebody who may not use the desk."""

    def __init__(self) -> None:
        """Say so, and who can change it."""
        super().__init__(
            _("The name under which you logged in elsewhere is not on the register of people today."),
            _("Let a coordinator enter you under that name."),
        )


def _nobody_else(person: str) -> str:
    """Refuse to ask for another person's passphrase: at the web desk everybody enters for himself."""
    raise BadInput(
        _("Only {person} can enter this, with a session of that person's own.").format(person=person),
        _("Let {person} log in and do it.").format(person=person),
    )


def give_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """Give a browser a cookie of the desk: for no script, no other site, and over TLS alone where people come by it.

    By the setting, and not by the request: what comes through a proxy of TLS reaches the desk without it.
    """
    secure: bool = request.app.state.https
    response.set_cookie(_named(request, name), value, httponly=True, samesite="strict", secure=secure, path="/")


def cookie_of(request: Request, name: str) -> str:
    """Return what a cookie of the desk holds, "" where the browser has none."""
    return request.cookies.get(_named(request, name), "")


def _named(request: Request, name: str) -> str:
    """Return the name of a cookie as browsers know it: over TLS one that no other host can lay into them."""
    return f"__Host-{name}" if request.app.state.https else name


def random_word() -> str:
    """Return a random word for a browser that has no session."""
    return secrets.token_urlsafe(32)
