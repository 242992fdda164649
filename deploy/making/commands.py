"""Writes docs/commands.md from the command itself; with `--check` it says whether the page is stale.

The command speaks one language a process, so it is asked twice, each time by a process of its own.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from typer.main import get_command

from deploy.making.files import HOUSE, made, table
from desk.main import ROOMS, build

PAGE = HOUSE / "docs" / "commands.md"
_LANGUAGES = ("日本語", "English")
_SHARED_BY = 6  # so many commands: an option with the same words is explained once
HEAD = """\
# 命令 / Commands

この頁は `tsudoi` の命令そのものから `make docs` で作る。手で直さない。 / This page is generated from the command itself
by `make docs`. Do not edit it.

角括弧の中は省略できる。`…` には値が入る。既定値と範囲は `tsudoi 命令 --help` にある。 / What stands in brackets may be
left out, `…` stands for a value. Defaults and ranges: `tsudoi COMMAND --help`.
"""


def page() -> str:
    """Return the whole page: a line for each command, and before them the options that many commands share."""
    both = list(zip(_asked("ja"), _asked("en"), strict=True))
    often = Counter(option for ja, en in both for option in _options(ja, en))
    shared = [option for option, times in often.items() if times >= _SHARED_BY]
    return "\n".join(
        [
            HEAD,
            *table(("共通の項目 / Shared", *_LANGUAGES), ((f"`{name}`", ja, en) for name, ja, en in shared)),
            "",
            *table(("command", *_LANGUAGES), (_line(ja, en, shared) for ja, en in both)),
            "",
        ]
    )


def _options(ja: dict[str, Any], en: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for (name, in_japanese), (_name, in_english) in zip(ja["options"], en["options"], strict=True):
        yield name, in_japanese, in_english


def _line(ja: dict[str, Any], en: dict[str, Any], shared: Sequence[tuple[str, str, str]]) -> tuple[str, str, str]:
    own = [option for option in _options(ja, en) if option not in shared and option[1]]
    return (
        f"`{ja['usage']}`",
        "<br>".join([ja["help"], *(f"`{name}` {words}" for name, words, _en in own)]),
        "<br>".join([en["help"], *(f"`{name}` {words}" for name, _ja, words in own)]),
    )


def main(arguments: list[str]) -> str | None:
    """Write the page, or with --check return what is amiss: the exit status is then 1."""
    if "--as-json" in arguments:
        leaves = _leaves("tsudoi", get_command(build(list(ROOMS.values()))))
        sys.stdout.write(json.dumps([_said(*leaf) for leaf in leaves]))
        return None
    return made(PAGE, page().encode(), arguments)


def _asked(lang: str) -> list[dict[str, Any]]:
    itself = [sys.executable, "-m", "deploy.making.commands", "--as-json"]
    return json.loads(subprocess.check_output(itself, env={**os.environ, "TSUDOI_LANG": lang}))  # noqa: S603 - our own module


def _leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield name, command
        return
    for word, below in command.commands.items():
        yield from _leaves(f"{name} {word}", below)


def _said(name: str, command: Any) -> dict[str, Any]:
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    shown.sort(key=lambda parameter: (parameter.param_type_name != "argument", not parameter.required))
    return {
        "usage": " ".join([name, *map(_usage, shown)]),
        "help": command.help,
        "options": [(_name(parameter), parameter.help or "") for parameter in shown],
    }


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return parameter.name.upper()
    return "/".join([max(parameter.opts, key=len), *parameter.secondary_opts])


def _usage(parameter: Any) -> str:
    value = parameter.param_type_name == "option" and not parameter.is_flag
    usage = _name(parameter) + (" …" if value else "")
    return usage if parameter.required else f"[{usage}]"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
