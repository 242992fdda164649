"""Keeps the one catalogue: `python -m deploy.making.catalogue` gathers every word, `--check` finds what is amiss.

Gathered are the marked messages of the code and of the desk's pages, the claims of the guards, the titles of the
records' fields, and the words that the command line's library looks up in our catalogue (desk/console.py). The file has
neither line numbers nor dates and is sorted by message, so that a difference between two versions is a difference of
words.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po
from pydantic import BaseModel

from deploy.making.files import HOUSE
from models.words import DOMAIN, LOCALE
from states.table import TABLE

ROOMS = (
    "models",
    "states",
    "adapters",
    "views",
    "papers",
    "contractor",
    "steps",
    "flows",
    "rehearsal",
    "desk",
    "deploy",
)
FILE = LOCALE / "ja" / "LC_MESSAGES" / f"{DOMAIN}.po"

_KEYWORDS: dict[str, None] = {"_": None, "N_": None}
_HEADER = f"""msgid ""
msgstr ""
"Project-Id-Version: {DOMAIN}\\n"
"Language: ja\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
_PLACE = re.compile(r"\{[^{}]*\}")
_EDGES = re.compile(r"\A\s*|\s*\Z")
_WIDTH = 120


def messages() -> set[str]:
    """Return every message id that a person may read."""
    sources = (path for room in ROOMS for path in sorted((HOUSE / room).rglob("*.py")))
    claims = (shown.claim for row in TABLE for guard in row.claims for shown in (guard, *guard.shown))
    titles = (title for row in TABLE for title in _titles_in(row.record))
    templates = (HOUSE / "desk" / "web" / "templates").glob("*.html")
    said = (*marked(sources), *marked(_command_line()), *marked(sorted(templates), "jinja2"))
    return {*said, *claims, *titles} - {""}


def _command_line() -> list[Path]:
    """Name the files whose words Typer looks up in our catalogue; a new version cannot bring a word unseen."""
    spec = find_spec("typer")
    assert spec is not None
    assert spec.origin is not None
    return [Path(spec.origin).parent / name for name in ("core.py", "rich_utils.py")]


def marked(sources: Iterable[Path], kind: str = "python") -> Iterator[str]:
    """Walk over the messages that are marked in sources, or in templates ("jinja2")."""
    for source in sources:
        for _line, message, _comments, _context in extract_from_file(kind, str(source), keywords=_KEYWORDS):
            if isinstance(message, str):
                yield message


def _titles_in(annotation: Any) -> Iterator[str]:
    """Walk a field's type down to every record inside it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for field in annotation.model_fields.values():
            yield field.title or ""
            yield from _titles_in(field.annotation)
    for inside in get_args(annotation):
        yield from _titles_in(inside)


def read() -> Catalog:
    """Read the catalogue as it stands."""
    with FILE.open("rb") as stream:
        return read_po(stream, locale="ja", domain=DOMAIN, ignore_obsolete=True)


def merged(old: Catalog, wanted: AbstractSet[str]) -> Catalog:
    """Return a catalogue of exactly the wanted messages, each with the translation it had."""
    new = Catalog(locale="ja", domain=DOMAIN)
    for message in wanted:
        known = old.get(message)
        if known:
            new.add(message, known.string, flags=known.flags, user_comments=known.user_comments)
        else:
            new.add(message, "")
    return new


def written(catalogue: Catalog) -> bytes:
    """Return the catalogue as the file holds it."""
    stream = BytesIO()
    write_po(stream, catalogue, width=_WIDTH, no_location=True, omit_header=True, sort_output=True)
    return _HEADER.encode() + stream.getvalue()


def complaints(catalogue: Catalog, wanted: AbstractSet[str]) -> list[str]:
    """Return a line for everything that is amiss, in the order of the messages."""
    entries = {str(entry.id): entry for entry in catalogue if entry.id}
    missing = [f"missing: {message!r}" for message in sorted(wanted - entries.keys())]
    unused = [f"no longer used: {message!r}" for message in sorted(entries.keys() - wanted)]
    amiss = [
        f"{trouble}: {message!r}"
        for message in sorted(wanted & entries.keys())
        for trouble in _troubles(message, str(entries[message].string or ""), fuzzy=entries[message].fuzzy)
    ]
    return [*missing, *unused, *amiss]


def _troubles(message: str, translation: str, *, fuzzy: bool) -> Iterator[str]:
    if fuzzy:
        yield "fuzzy"
    if not translation:
        yield "untranslated"
        return
    if sorted(_PLACE.findall(message)) != sorted(_PLACE.findall(translation)):
        yield "other places in braces"
    if _EDGES.findall(message) != _EDGES.findall(translation):
        yield "other space at an edge"


def main(arguments: list[str]) -> str | None:
    """Gather, or with --check return what is amiss: the exit status is then 1."""
    wanted = messages()
    if "--check" in arguments:
        return "\n".join(complaints(read(), wanted)) or None
    FILE.write_bytes(written(merged(read(), wanted)))
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
