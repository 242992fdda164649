"""The rooms: what README says of them holds in the tree, so that the folder list alone tells where a thing lives."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.making import catalogue
from states.table import TABLE

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
SAID = {name: (what, more) for name, what, more in re.findall(r"^([a-z]+)/ +(\S.*?)  +(\S.*)$", README, re.MULTILINE)}
PRODUCT = [room for room in SAID if room not in {"docs", "tests"}]
STAGES = README.partition("names a stage in every room: ")[2].partition(".")[0].replace("\n", " ").split(", ")
PLACES = {
    thing: re.findall(r"`([a-z]+/[^`\s]*)`", where)
    for thing, where in re.findall(r"^\| (an? [^|]+?) \| ([^|]*`[^|]+) \|$", README, re.MULTILINE)
}

# What somebody who has never seen the project wants to know: of what kind and stage it is, and what he finds there.
QUESTIONS = {
    "Until when must the media come back?": ("a deadline", "media_return", r'trigger="return_media"(?s:.){,300} due='),
    "What is “overdue” called in Japanese?": ("a word", "", r'msgid "overdue"\nmsgstr "期限超過"'),
    "What stands on the erasure record?": ("a paper", "erasure", r"class ErasureRecord|def print_erasure_record"),
    "What stops a posting of more letters than were enclosed?": (
        "a guard", "mailing", r"accepted_number_equals_enclosed",
    ),
    "Who may hand over the medium, and from which state?": (
        "an act", "transfer", r'trigger="hand_over_medium"(?s:.){,300}?froms=(?s:.){,100}?who=',
    ),
    "Under which name does the register deliver the rest of an address?": ("a column of the extract", "", r"方書"),
    "How many days before its day is somebody reminded?": ("a reminder", "", r"\[reminders\]\nladder = \[-\d"),
    "On which disk is the key's backup?": ("a setting", "", r"key_backup: "),
    "What does the board show of a year?": ("a page", "", r"def page\("),
    "What proves that the medium was encrypted?": ("a measure", "", r"id: W-[A-Z]+-\d\d"),
}  # fmt: skip


def named(thing: str, stage: str) -> Iterator[Path]:
    """Walk over the files that README's table names for a kind of thing, at a stage; of a folder all in it."""
    for place in PLACES[thing]:
        path = PROJECT / place.replace("<stage>", stage)
        yield from (it for it in path.rglob("*") if it.is_file() and it.suffix != ".pyc") if path.is_dir() else [path]


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_of_ten_things_lives_where_the_table_says(question: str) -> None:
    """The question gives the kind, the stage gives the stem: what is asked for stands in a file that is named so."""
    thing, stage, found = QUESTIONS[question]
    texts = {path: path.read_text(encoding="utf-8") for path in named(thing, stage) if path.exists()}
    assert [path for path, text in texts.items() if re.search(found, text)]


def test_the_ten_things_are_those_of_the_table() -> None:
    """Each line of the table is asked for once, and each names a place."""
    assert Counter(thing for thing, _stage, _found in QUESTIONS.values()) == Counter(list(PLACES))
    assert all(PLACES.values())
    assert len(PLACES) == 10


@pytest.mark.parametrize("room", PRODUCT)
def test_a_room_says_of_itself_what_the_page_says_of_it(room: str) -> None:
    """The first words of the room's own docstring are those by which README asks for it."""
    words = ast.get_docstring(ast.parse((PROJECT / room / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert words.partition(":")[0] == SAID[room][0]


def test_every_folder_with_code_is_a_room_and_every_list_names_them_all() -> None:
    """README, the package, the linters' lists and the catalogue know the same rooms."""
    rooms = {path.parent.name for path in PROJECT.glob("*/__init__.py")}
    tool = PYPROJECT["tool"]
    lists = {
        "README": PRODUCT,
        "packages": [it.removesuffix("*") for it in tool["setuptools"]["packages"]["find"]["include"]],
        "isort": tool["ruff"]["lint"]["isort"]["known-first-party"],
        "pyright": tool["pyright"]["include"],
        "import-linter": tool["importlinter"]["root_packages"],
        "catalogue": catalogue.ROOMS,
    }
    assert {name: set(named) for name, named in lists.items()} == dict.fromkeys(lists, rooms)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_bears_one_name_in_every_room(stage: str) -> None:
    """The records of a stage's acts and its rules stand under the same stem; what it does and shows does so too."""
    assert (PROJECT / "states" / "rules" / f"{stage}.py").exists()
    assert (PROJECT / "models" / "records" / f"{stage}.py").exists()
    page = (PROJECT / "states" / "rules" / f"{stage}.py").read_text(encoding="utf-8")
    here = [row for row in TABLE if f'trigger="{row.trigger}"' in page]
    assert here
    homes = {row.record.__module__.rpartition(".")[2] for row in here} - {"base"}
    assert homes <= {stage, *SHARED}, (stage, homes)


# What several stages bring is recorded under its own name.
SHARED = ("extraction", "oversight", "supervision", "people")


def test_there_are_eight_stages() -> None:
    """README names them in the order in which the data pass them."""
    assert STAGES == ["preparation", "extraction", "transfer", "printing", "enclosing", "mailing", "media_return",
                      "erasure"]  # fmt: skip


def test_no_room_holds_more_than_a_quarter_of_the_product() -> None:
    """The largest room is at most a quarter of the lines of the product, tests apart."""
    lines = {
        room: sum(len(path.read_text(encoding="utf-8").splitlines()) for path in (PROJECT / room).rglob("*.py"))
        for room in PRODUCT
    }
    assert max(lines.values()) * 4 <= sum(lines.values()), lines


# Sins that are known: this list only gets shorter.
KNOWN: dict[str, set[str]] = {}


@pytest.mark.parametrize("room", PRODUCT)
def test_no_two_classes_of_a_room_have_one_name(room: str) -> None:
    """Who reads a name in a room knows what is meant."""
    names = Counter(
        node.name
        for path in (PROJECT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert {name for name, count in names.items() if count > 1} <= KNOWN.get(room, set())
