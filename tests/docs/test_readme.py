"""The READMEs name commands and places that exist, and begin with the two commands that do everything."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from deploy.making import finding_codes
from desk.main import ROOMS, build
from models.extract import CODES
from models.words import translate
from states.table import TABLE

PROJECT = Path(__file__).parents[2]
READMES = ("README.md", "README.ja.md")
PAGES = (*READMES, "SECURITY.md", "CONTRIBUTING.md", "docs/threat-model.md")
IN_WORDS = re.compile(r"`tsudoi ([a-z][^`]*)`")
COMMAND = re.compile(r"(?:\.venv/bin/)?tsudoi (.+)")


def text_of(page: str) -> str:
    return (PROJECT / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[list[str]]:
    """Return the lines of every shell block."""
    return [block.splitlines() for block in re.findall(r"^```sh\n(.*?)^```", text_of(page), re.DOTALL | re.MULTILINE)]


def places(words: str) -> list[str]:
    """Return the files and folders of the tree that are named between backticks; a page of each stage by its folder."""
    named = [name.partition("<stage>")[0] for name in re.findall(r"`(\.?[a-z_]+/[^`\s]*)`", words)]
    return [name for name in named if not name.startswith("var/")]


def commands(page: str) -> Iterator[list[str]]:
    """Return the words after `tsudoi` of every command on the page, in blocks and in sentences."""
    for line in (line for block in blocks(page) for line in block):
        if found := COMMAND.match(line):
            yield shlex.split(found[1], comments=True)
    yield from (shlex.split(words) for words in IN_WORDS.findall(text_of(page)))


def strange(words: list[str]) -> list[str]:
    """Return what the command tree does not know of a command: a subcommand or an option."""
    here: Any = get_command(build(list(ROOMS.values())))
    for word in words:
        if not hasattr(here, "commands"):
            break
        if word not in here.commands:
            return [word]
        here = here.commands[word]
    known = {option for parameter in here.params for option in parameter.opts}
    return [word for word in words if word.startswith("--") and word not in known]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_named_exists(page: str) -> None:
    """Each `tsudoi` command of a page is in the command tree, with every option it is given."""
    named = list(commands(page))
    assert named or page not in READMES
    assert [(words, strange(words)) for words in named if strange(words)] == []


def test_every_command_of_the_table_exists() -> None:
    """A refusal of figures that were typed names a command that there is, and who does it is an option of it."""
    named = [[*row.command.split(), "--by"] for row in TABLE if row.command]
    assert named
    assert [(words, strange(words)) for words in named if strange(words)] == []


def test_a_command_that_is_not_there_would_be_seen() -> None:
    """The check above knows a wrong command and a wrong option from right ones."""
    assert strange(["cycle", "shout", "2026"]) == ["shout"]
    assert strange(["extract", "take", "--yaer", "2026"]) == ["--yaer"]
    assert strange(["rehearse", "2026", "--out", "x", "--late", "post=1"]) == []


@pytest.mark.parametrize("page", READMES)
def test_the_three_commands_come_first(page: str) -> None:
    """`make demo`, `make test` and `make look` are the first code of the page, before any sentence."""
    heading, _empty, fence, demo, test, look, *_rest = text_of(page).splitlines()
    assert (heading, fence) == ("# tsudoi", "```sh")
    assert demo.startswith("make demo ")
    assert test.startswith("make test ")
    assert look.startswith("make look ")


def test_both_readmes_show_the_same_commands() -> None:
    """The two languages differ in words, not in commands."""
    english, japanese = (list(commands(page)) for page in READMES)
    assert english == japanese


@pytest.mark.parametrize("page", READMES)
def test_every_target_and_file_named_is_there(page: str) -> None:
    """What a README says of make targets and links holds in the tree."""
    targets = set(re.findall(r"(?:^|`)make ([a-z-]+)", text_of(page), re.MULTILINE))
    known = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    assert targets
    assert targets - known == set()
    links = re.findall(r"\]\(([^)]+)\)", text_of(page))
    named = [*links, *places(text_of(page))]
    assert [name for name in named if not (PROJECT / name).exists()] == []


@pytest.mark.parametrize("page", READMES)
def test_the_first_screen_says_what_it_is_for_and_shows_the_board(page: str) -> None:
    """Between the two commands and the first heading stand one paragraph that names the work, and the board."""
    _commands, paragraph, board, *_rest = text_of(page).split("\n\n")[1:]
    assert "`tsudoi`" in paragraph
    assert "はたちのつどい" in paragraph
    assert re.findall(r"\]\(([^)]+)\)", board) == ["docs/pictures/board.png", "docs/pictures/board_whole.png"]


def test_both_readmes_say_where_ten_things_are_changed() -> None:
    """Each line of the table names a place, the same in either language."""
    tables = [re.findall(r"^\| ([^|]+) \| ([^|]*`[^|]+) \|$", text_of(page), re.MULTILINE) for page in READMES]
    english, japanese = ([places(here) for _thing, here in table] for table in tables)
    assert [thing for thing, _here in tables[0]] == [
        "a deadline", "a word", "a paper", "a guard", "an act", "a column of the extract", "a reminder", "a setting",
        "a page", "a measure",
    ]  # fmt: skip
    assert all(english)
    assert [set(here) for here in english] == [set(here) for here in japanese]


def test_the_licence_is_the_one_that_is_declared() -> None:
    """LICENSE is Apache-2.0 in full, and the package says so by the names that tools read."""
    declared = tomllib.loads(text_of("pyproject.toml"))["project"]
    assert (declared["license"], declared["license-files"]) == ("Apache-2.0", ["LICENSE"])
    assert text_of("LICENSE").split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert "END OF TERMS AND CONDITIONS" in text_of("LICENSE")


def test_only_make_browser_installs_anything_on_the_system() -> None:
    """`make test` installs nothing by itself; the one target that does is called where a change is checked."""
    targets = re.findall(r"^([a-z-]+):(.*)\n((?:\t.*\n)*)", text_of("Makefile"), re.MULTILINE)
    assert [name for name, _needs, recipe in targets if "apt-get install" in recipe] == ["browser"]
    assert [name for name, needs, _recipe in targets if "browser" in needs.split()] == []
    assert "\nmake browser" in text_of(".ci/run")


def test_the_page_of_finding_codes_is_current() -> None:
    """docs/finding-codes.md lists every code in both languages, as the judge has them."""
    assert finding_codes.main(["--check"]) is None
    page = finding_codes.page()
    for code, rule in CODES.items():
        assert f"| `{code}` | {translate(rule.sentence, 'ja')} | {rule.sentence} |" in page


def test_a_stale_page_of_finding_codes_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A page that is missing or not what the codes say gives one line with the remedy; writing it settles that."""
    monkeypatch.setattr(finding_codes, "PAGE", tmp_path / "finding-codes.md")
    assert "make docs" in str(finding_codes.main(["--check"]))
    finding_codes.main([])
    assert finding_codes.main(["--check"]) is None
    finding_codes.PAGE.write_text(finding_codes.page() + "x", encoding="utf-8")
    assert "stale" in str(finding_codes.main(["--check"]))
