"""The register of people: who is entered by whom, and whose key is whose."""

from models.people import SYSTEM, UNREGISTERED, Side
from models.records.people import KeyGiven, PeopleEntered
from states.effects import Effect, EnterPeople, GiveKey
from states.facts import Facts, Verdict
from states.rows import ANY_STATE, KEEPERS, Row
from states.rules.base import claims_of, none_of


@claims_of(PeopleEntered)
def they_are_new(facts: Facts, record: PeopleEntered) -> Verdict:
    """Nobody of them stands on the register yet, and no id is kept for the machine."""
    return none_of(entry.person for entry in record.people if entry.person in {*facts.people, SYSTEM, UNREGISTERED})


@claims_of(PeopleEntered)
def they_are_known(facts: Facts, record: PeopleEntered) -> Verdict:
    """Everybody of them stands on the register."""
    return none_of(entry.person for entry in record.people if entry.person not in facts.people)


@claims_of(PeopleEntered)
def roles_stay_as_they_are(facts: Facts, record: PeopleEntered) -> Verdict:
    """Neither side nor roles change: that is an act of its own."""
    known = ((facts.people[entry.person], entry) for entry in record.people if entry.person in facts.people)
    return none_of(
        entry.person for was, entry in known if (was.side, was.roles) != (entry.side, frozenset(entry.roles))
    )


@claims_of(PeopleEntered)
def nobody_enters_himself(facts: Facts, record: PeopleEntered) -> Verdict:
    """Neither of the two who enter it is one of those whose entry it is."""
    return none_of(entry.person for entry in record.people if entry.person in {facts.asked_by, facts.confirmed_by})


@claims_of(PeopleEntered)
def substitutes_are_others(facts: Facts, record: PeopleEntered) -> Verdict:
    """Whoever is called in somebody's place is another person on the register, or entered along with him."""
    known = {*facts.people, *(entry.person for entry in record.people)}
    named = [entry for entry in record.people if entry.substitute]
    return none_of(entry.substitute for entry in named if entry.substitute not in known - {entry.person})


@claims_of(KeyGiven)
def key_is_for_somebody_registered(facts: Facts, record: KeyGiven) -> Verdict:
    """Whoever is given the key stands on the register."""
    return record.person in facts.people


@claims_of(KeyGiven)
def key_is_nobody_elses(facts: Facts, record: KeyGiven) -> Verdict:
    """The key is not one that stands on the register already."""
    return record.public_key not in {entry.public_key for entry in facts.people.values()}


@claims_of(KeyGiven)
def reason_fits_the_key(facts: Facts, record: KeyGiven) -> Verdict:
    """A first key is for who has none; who has one is given another because it is replaced or forgotten."""
    known = facts.people.get(record.person)
    return known is None or (record.reason == "first") is not bool(known.public_key)


@claims_of(KeyGiven)
def somebody_else_confirms_the_key(facts: Facts, record: KeyGiven) -> Verdict:
    """Whoever is given the key does not confirm it himself."""
    return facts.confirmed_by != record.person


def register_says_so(_facts: Facts, record: PeopleEntered) -> tuple[Effect, ...]:
    """The entries stand on the register."""
    return (EnterPeople(people=record.people),)


def key_is_in_force(_facts: Facts, record: KeyGiven) -> tuple[Effect, ...]:
    """The person signs with this key, and with no other."""
    return (GiveKey(person=record.person, public_key=record.public_key),)


ROWS = (
    Row(
        trigger="register_people", event="people_registered", ja="名簿への登録", en="Put people on the register",
        froms=ANY_STATE, who=KEEPERS, second=KEEPERS, owner=Side.WARD, repeats=True, under_hold=True,
        record=PeopleEntered, guards=(they_are_new, substitutes_are_others), by_lapsed=True,
        then=register_says_so, source="domain.md 8",
    ),
    Row(
        trigger="change_roles", event="roles_changed", ja="役割の変更", en="Change roles", froms=ANY_STATE, who=KEEPERS,
        second=KEEPERS, owner=Side.WARD, repeats=True, under_hold=True, record=PeopleEntered,
        guards=(they_are_known, nobody_enters_himself, substitutes_are_others), then=register_says_so, by_lapsed=True,
        source="domain.md 8",
    ),
    Row(
        trigger="change_people", event="people_changed", ja="名簿の変更（役割を除く。）",
        en="Change entries of the register, but for roles", froms=ANY_STATE, who=KEEPERS, second=KEEPERS,
        owner=Side.WARD, repeats=True, under_hold=True, record=PeopleEntered,
        guards=(they_are_known, roles_stay_as_they_are, substitutes_are_others), then=register_says_so, by_lapsed=True,
        source="domain.md 8",
    ),
    Row(
        trigger="give_key", event="key_given", ja="本人鍵の登録", en="Give a person a key", froms=ANY_STATE,
        who=KEEPERS, second=KEEPERS, owner=Side.WARD, repeats=True, under_hold=True, record=KeyGiven,
        guards=(
            key_is_for_somebody_registered, key_is_nobody_elses, reason_fits_the_key, somebody_else_confirms_the_key,
        ),
        then=key_is_in_force, by_lapsed=True, source="domain.md 8",
    ),
)  # fmt: skip
