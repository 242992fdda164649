"""docs/commands.md lists every command of the desk with its options, in both languages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from deploy.making import commands
from desk.main import ROOMS, build

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")


def leaves(name: str, command: Any) -> Iterator[tuple[str, list[str]]]:
    """Give each command with the longest name of each of its options."""
    if hasattr(command, "commands"):
        for word, below in command.commands.items():
            yield from leaves(f"{name} {word}", below)
    else:
        shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
        yield name, [max(parameter.opts, key=len) for parameter in shown]


def test_every_command_has_one_line_with_each_of_its_options() -> None:
    """No command and no option is missing, and nothing stands there that is no command."""
    lines = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `tsudoi ")}
    tree = dict(leaves("tsudoi", get_command(build(list(ROOMS.values())))))
    assert len(lines) == len(tree)
    for name, options in tree.items():
        (usage,) = [usage for usage in lines if f"{usage} ".startswith(f"{name} ")]
        named = usage.replace("[", " ").replace("]", " ").replace("/", " ").split()
        assert [
            option for option in options if (option if option.startswith("-") else option.upper()) not in named
        ] == []


def test_the_page_is_what_the_command_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The page is current, whatever the reader's language; a missing or changed one gives one line with the remedy."""
    made = commands.page()
    assert made == PAGE
    monkeypatch.setattr(commands, "page", lambda: made)
    monkeypatch.setattr(commands, "PAGE", tmp_path / "commands.md")
    assert "make docs" in str(commands.main(["--check"]))
    assert commands.main([]) is None
    assert commands.main(["--check"]) is None
    commands.PAGE.write_text(made + "x", encoding="utf-8")
    assert "stale" in str(commands.main(["--check"]))
