"""What people read at the desk, in a mail and on the board says what is to be done, and never what to type."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from deploy.making import catalogue
from desk.main import ROOMS as COMMANDS
from states.table import TABLE

PROJECT = Path(__file__).parents[2]
COMMAND = re.compile(rf"\btsudoi ({'|'.join(COMMANDS)})\b")
OPTION = re.compile(r"(?<![\w-])--[a-z]")
# What is read at a terminal alone, and why. A folder stands for all in it.
ONLY_AT_A_TERMINAL = {
    "desk/commands": "the commands themselves",
    "rehearsal": "a year is rehearsed by its command",
    "contractor": "the contractor's tool is a command",
    "steps/restoring.py": "who restores has no desk yet",
    "steps/office.py": "an installation is opened before its desk is",
    "adapters/schema.py": "it is opened there",
    "adapters/settings.py": "what a setting means is read beside its example",
    "flows/own_server.py": "the server is started by its command",
}


@cache
def _translated() -> dict[str, str]:
    return {str(entry.id): str(entry.string) for entry in catalogue.read() if entry.id}


def _words_in(source: Path) -> Iterator[str]:
    """Walk over the texts of a module, its docstrings left out: what of them is shown, the table tells."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    docs = {
        id(it.body[0].value)
        for it in ast.walk(tree)
        if isinstance(it, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and it.body and isinstance(it.body[0], ast.Expr)
    }  # fmt: skip
    for it in ast.walk(tree):
        if isinstance(it, ast.Constant) and isinstance(it.value, str) and id(it) not in docs:
            yield it.value


def _tells_to_type(words: str) -> bool:
    """Tell whether words, or their translation, name a command; an option only where a person reads them."""
    if words not in _translated():
        return bool(COMMAND.search(words))
    return any(kind.search(said) for kind in (COMMAND, OPTION) for said in (words, _translated()[words]))


def _files(place: str) -> list[Path]:
    return sorted((PROJECT / place).rglob("*.py")) if (PROJECT / place).is_dir() else [PROJECT / place]


def test_no_words_that_are_read_elsewhere_than_at_a_terminal_name_a_command() -> None:
    """Of all modules, pages and claims none does in either language but those that only a terminal shows."""
    passed_over = {path for place in ONLY_AT_A_TERMINAL for path in _files(place)}
    passed_over |= {PROJECT / "desk" / name for name in ("main.py", "console.py")}
    modules = [path for room in catalogue.ROOMS if room != "deploy" for path in _files(room)]
    said = [
        (path.relative_to(PROJECT).as_posix(), words)
        for path in modules if path not in passed_over
        for words in _words_in(path)
    ]  # fmt: skip
    said += [(row.trigger, it.claim) for row in TABLE for guard in row.claims for it in (guard, *guard.shown)]
    pages = sorted((PROJECT / "desk" / "web" / "templates").glob("*.html"))
    said += [(page.name, words) for page in pages for words in catalogue.marked([page], "jinja2")]
    assert [f"{where}: {words}" for where, words in said if _tells_to_type(words)] == []


@pytest.mark.parametrize("place", ONLY_AT_A_TERMINAL)
def test_what_is_passed_over_names_a_command_or_an_option(place: str) -> None:
    """Whatever is left out of the search would be found by it: the list holds nothing that needs no place on it."""
    assert any(_tells_to_type(words) for path in _files(place) for words in _words_in(path))
