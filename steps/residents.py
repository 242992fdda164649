"""Whether somebody's own words name a resident: compared before they enter the ledger, which forgets nothing (Law 4).

Each open vault holds, beside the extracts, what is looked for as fingerprints in normal form. They are made when an
extract or a list is taken, and made anew where they are missing. Nothing is compared where no vault is open.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping

import polars as pl

from adapters.needles import Needles
from adapters.register import parse_register
from adapters.vault import Vault
from models.errors import Damaged, Unknown
from models.extract import characters
from models.people import Person
from models.programme import Programme
from steps.lists import as_lists

_PREPARED = "needles-"
_SOURCES = ("extract", "changes", "recheck")


def variants(programme: Programme) -> tuple[str, ...]:
    """Return the characters that the programme prints for one another."""
    table = programme.extract.substitutes
    return tuple("".join(map(characters, (found, *instead))) for found, instead in table.items())


def prepare(vault: Vault, programme: Programme) -> Needles:
    """Return the fingerprints of everybody in a vault; they are written into it where they are missing or old."""
    names = vault.names()
    sources = "\n".join(name for name in names if name.partition("-")[0] in _SOURCES)
    prepared = _PREPARED + hashlib.sha256(sources.encode()).hexdigest()[:12]
    if prepared in names:
        needles = Needles.read(vault.read(prepared))
    else:
        needles = Needles.of(everybody_in(vault, programme), variants=variants(programme))
        vault.write(prepared, needles.written())
    for old in names:  # also what a kill between the two left
        if old.startswith(_PREPARED) and old != prepared:
            vault.erase(old)
    return needles


def everybody_in(vault: Vault, programme: Programme, *, lists: Collection[str] | None = None) -> set[str]:
    """Return names, addresses and numbers of everybody in a vault; of its lists only those named by their hash."""
    found: set[str] = set()
    for name in vault.names():
        kind, _hyphen, digest = name.partition("-")
        if kind == "extract":
            found |= needles_in(parse_register(vault.read(name), programme=programme).frame)
        elif kind in {"changes", "recheck"} and (lists is None or digest in lists):
            numbers = parse_register(vault.read(name), programme=as_lists(programme)).frame["宛名番号"]
            found |= {number for number in numbers.to_list() if number}
    return found


def needles_in(frame: pl.DataFrame) -> set[str]:
    """Return names, addresses and numbers of everybody in the rows of an extract."""
    return {cell for column in ("宛名番号", "氏名", "住所") for cell in frame[column].to_list() if cell}


def named_in(
    vaults: Iterable[tuple[Vault, Programme]], texts: Mapping[str, str], people: Mapping[str, Person]
) -> tuple[frozenset[str], bool]:
    """Return the keys of the texts that name a resident, and whether every vault could be compared with.

    Names on the register of people are no residents' names, whoever else is called so. A vault whose key is elsewhere
    is passed over and told: an office must be able to record what happened also on that day (Law 8).
    """
    named: set[str] = set()
    compared = True
    names = {person.name: who for who, person in people.items()}
    for vault, programme in vaults:
        try:
            needles = prepare(vault, programme).beside(names)
        except (Unknown, Damaged, OSError):
            compared = False
            continue
        named |= {key for key, text in texts.items() if any(not place.who for place in needles.in_text(text))}
    return frozenset(named), compared
