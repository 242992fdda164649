"""Guards of the register of people: who is entered by whom, and whose key is whose."""

from models.people import SYSTEM, UNREGISTERED
from models.records.people import KeyGiven, PeopleEntered
from states.facts import Facts, Shortfall, Verdict
from states.rules.base import claims_of


def _named(ids: list[str]) -> Verdict:
    return Shortfall(names=" ".join(ids)) if ids else True


@claims_of(PeopleEntered)
def they_are_new(facts: Facts, record: PeopleEntered) -> Verdict:
    """Nobody of them stands on the register yet, and no id is kept for the machine."""
    return _named([it.person for it in record.people if it.person in {*facts.people, SYSTEM, UNREGISTERED}])


@claims_of(PeopleEntered)
def they_are_known(facts: Facts, record: PeopleEntered) -> Verdict:
    """Everybody of them stands on the register."""
    return _named([it.person for it in record.people if it.person not in facts.people])


@claims_of(PeopleEntered)
def roles_stay_as_they_are(facts: Facts, record: PeopleEntered) -> Verdict:
    """Neither side nor roles change: that is an act of its own."""
    return _named([
        it.person for it in record.people
        if (known := facts.people.get(it.person)) and (known.side, known.roles) != (it.side, frozenset(it.roles))
    ])  # fmt: skip


@claims_of(PeopleEntered)
def nobody_enters_himself(facts: Facts, record: PeopleEntered) -> Verdict:
    """Neither of the two who enter it is one of those whose entry it is."""
    return _named([it.person for it in record.people if it.person in {facts.asked_by, facts.confirmed_by}])


@claims_of(KeyGiven)
def key_is_for_somebody_registered(facts: Facts, record: KeyGiven) -> Verdict:
    """Whoever is given the key stands on the register."""
    return record.person in facts.people


@claims_of(KeyGiven)
def key_is_nobody_elses(facts: Facts, record: KeyGiven) -> Verdict:
    """The key is not one that stands on the register already."""
    return record.public_key not in {it.public_key for it in facts.people.values()}


@claims_of(KeyGiven)
def reason_fits_the_key(facts: Facts, record: KeyGiven) -> Verdict:
    """A first key is for who has none; who has one is given another because it is replaced or forgotten."""
    known = facts.people.get(record.person)
    return known is None or (record.reason == "first") is not bool(known.public_key)


@claims_of(KeyGiven)
def somebody_else_confirms_the_key(facts: Facts, record: KeyGiven) -> Verdict:
    """Whoever is given the key does not confirm it himself."""
    return facts.confirmed_by != record.person
