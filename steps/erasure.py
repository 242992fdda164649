"""Erasure of the ward's own data: first the search with needles from the open vault, then key and files go (W-OP-11).

The figures of the search, and of what it found to destroy, are kept beside the vault until the act is recorded, so that
a kill between destruction and record loses nothing.
"""

import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url

from adapters import disk
from adapters.needles import Needles
from adapters.scanner import ScanResult, scan
from adapters.settings import PrefectsOwn
from adapters.vault import Vault, shred
from models.database import clear_free_pages
from models.errors import Refused, Unmet
from models.people import Side
from models.records.erasure import WardDataErased
from models.words import _
from papers.erasure import erasure_record
from states.acts import Outcome, Recorded
from states.facts import LISTS, Facts
from states.rules.erasure import accepted_namesakes, namesakes_are_accepted
from steps import after, notices, papers, residents, transfer
from steps.acting import by_machine
from steps.office import Office

_PLACES, _PLACE = 200, 300  # so many places that were not read are named, each so long at most


def erase_ward_data(office: Office, cycle_id: str, *, by: str, via: str = "desk") -> Outcome:
    """Search for residents' data outside the vault; at zero destroy the key, its backup and every file, and record it.

    Raises:
        Refused: it is not the time, or residents' data were found; the places are named, never what was found.

    """
    facts = office.facts(cycle_id)
    if "erase_ward_data" in facts.done:
        return after.again(office, facts, "erase_ward_data", by=by, via=via)
    office.door.ask_first(cycle_id, "erase_ward_data", by=by, via=via)
    vault = office.vault(cycle_id, as_it_lies=True)  # it may be half destroyed already
    figures = _searched(office, facts, vault)
    destruction = vault.destroy()
    record = WardDataErased(**figures, absent=_erase_outgoing(office, facts) and destruction.absent)
    return by_machine(office, cycle_id, "erase_ward_data", record, by=by, via=via, key="once")


def print_record(office: Office, act: Recorded) -> None:
    """Print the record of the erasure; what was noted beside the vault is in it."""
    _note_of(office, act.cycle_id).unlink(missing_ok=True)
    papers.print_sheets(office, act.cycle_id, erasure_record)


def clear_the_free_pages(office: Office, _act: Recorded) -> None:
    """Clear what the database's file still holds of a text that was redacted."""
    clear_free_pages(office.engine)


def search(
    office: Office, needles: Needles, *, roots: tuple[Path, ...] = (), exclude: tuple[Path, ...] = ()
) -> ScanResult:
    """Search all that tsudoi and Prefect keep, files (or other roots) and database servers, for residents' data."""
    clear_free_pages(office.engine)
    places = [place for place in roots or _places(office) if place.exists()]
    # The automaton of a whole year takes memory that a long-lived server should not keep: it goes with the child.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
        return child.submit(scan, places, needles, exclude=exclude, servers=_servers(office)).result()


def sought(facts: Facts, texts: Iterable[str]) -> Needles:
    """Return what is looked for: these names, addresses and numbers, written by the programme's characters."""
    people = {person.name: who for who, person in facts.people.items()}
    return Needles.of(texts, variants=residents.variants(facts.programme)).beside(people)


def needles_of(office: Office, vault: Vault) -> set[str]:
    """Return what the search for residents' data looks for: everybody in an extract, and in the lists that count.

    A list that was refused, withdrawn, or lies there from a run that was killed has no rows that anybody judged.
    """
    with office.look(vault.cycle) as here:
        programme, acts = here.programme, here.facts.history.of(*LISTS)
    return residents.everybody_in(vault, programme, lists={json.loads(act.data)["list_sha256"][:12] for act in acts})


def namesakes(office: Office, cycle_id: str) -> tuple[str, ...]:
    """Return who on the register of people is called like somebody in the vault."""
    return sought(office.facts(cycle_id), needles_of(office, office.vault(cycle_id))).namesakes


def _places(office: Office) -> tuple[Path, ...]:
    """Return data directory, paper, inbox, and Prefect's directory and database where they are files elsewhere."""
    prefect = PrefectsOwn()
    url = make_url(prefect.database_url or "sqlite://")
    database = Path(url.database) if url.database and url.get_backend_name() == "sqlite" else None
    return (office.home, office.papers, office.settings.inbox, *filter(None, (prefect.home, database)))


def _servers(office: Office) -> tuple[str, ...]:
    """Return the addresses of the PostgreSQL servers, whose every database is searched: tsudoi's and Prefect's."""
    urls = [make_url(database) for database in (office.settings.owner_database, PrefectsOwn().database_url) if database]
    asked = [url for url in reversed(urls) if url.get_backend_name() == "postgresql"]
    return tuple({(url.host, url.query.get("host"), url.port): _as_libpq_has_it(url) for url in asked}.values())


def _as_libpq_has_it(url: URL) -> str:
    """Return the address without SQLAlchemy's driver; Prefect's asyncpg says ssl where libpq says sslmode."""
    query = {"sslmode" if key == "ssl" else key: value for key, value in url.query.items()}
    return url.set(drivername="postgresql", query=query).render_as_string(hide_password=False)


def _searched(office: Office, facts: Facts, vault: Vault) -> dict[str, Any]:
    """Search, and return the figures of the record; those that a destruction which was killed noted are not lost."""
    note = _note_of(office, facts.cycle_id)
    noted: dict[str, Any] = json.loads(note.read_text(encoding="ascii")) if note.exists() else {}
    if noted and not vault.exists:
        return noted
    needles = sought(facts, needles_of(office, vault))
    keys = tuple(filter(None, (office.settings.key_folder / "vault", office.settings.key_backup)))
    result = search(office, needles, exclude=(vault.directory, *keys))
    accepted = office.see(facts.cycle_id, lambda here: accepted_namesakes(here.facts))
    waiting = sorted(result.namesakes.keys() - accepted)
    if result.found or waiting:
        raise _found(result, waiting)
    kept = sum((place / f"{vault.cycle}.key").exists() for place in keys)
    figures = {
        "scanned_files": result.files, "scanned_tables": result.tables, "scanned_bytes": result.bytes,
        "needles": result.needles, "found": 0, "unread": len(result.unread),
        "unread_places": tuple(place[:_PLACE] for place in result.unread[:_PLACES]),
        "vault_files_destroyed": sum(path.is_file() for path in vault.directory.rglob("*")),
        # A backup that a destruction destroyed before it came to its end counts still.
        "keys_destroyed": max(kept, noted.get("keys_destroyed", 0)),
        "namesakes": tuple(result.namesakes),
    }  # fmt: skip
    disk.put(note, json.dumps(figures).encode("ascii"))
    return figures


def _found(result: ScanResult, waiting: list[str]) -> Refused:
    places = [
        Unmet(guard="nothing_personal_is_left", missing=_("Residents' data at {place}").format(place=place), owner="")
        for place in result.places
    ]
    if waiting:
        words = _(
            "A resident is called like people of the register, whose names stand alone at {count} places [{people}]; "
            "two people decide whether it is theirs."
        ).format(count=sum(result.namesakes[who] for who in waiting), people=",".join(waiting))
        gap = Unmet(
            guard=namesakes_are_accepted.name, missing=words, owner=Side.WARD.label, act=namesakes_are_accepted.owes
        )
        places.append(gap)
    if not result.found:
        return Refused(_("Names were found that are a resident's and one of ours; nothing was destroyed."), places)
    return Refused(
        _("Residents' data were found at {count} places outside the vault; nothing was destroyed.").format(
            count=result.found
        ),
        places,
        _("Erase them at these places, then do it again."),
    )


def _erase_outgoing(office: Office, facts: Facts) -> bool:
    """Erase what was sealed, and a notice of the additions that never went; tell whether no package is left."""
    notices.take_down(office, transfer.SEAL_ADDITIONS)
    packages = transfer.packages(office, facts)
    for package in packages:
        shred(package)
    return not any(package.exists() for package in packages)


def _note_of(office: Office, cycle_id: str) -> Path:
    return office.home / f"erasure-{cycle_id}.json"
