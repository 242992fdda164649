"""Teaches typer the reader's language where it has no door for it: the usage line, its own help option, its errors.

Typer 0.29 sends seventeen of its words through gettext and these not. The names with an underscore are typer's own copy
of click; a test fails when a new version moves them (tests/models/test_words.py reads its screens).
"""
# pyright: reportPrivateUsage=false

from collections.abc import Callable
from typing import Any

from rich.text import Text
from typer import rich_utils
from typer._click import decorators, formatting
from typer._click.core import Command, Context
from typer._click.exceptions import BadOptionUsage, BadParameter, ClickException, MissingParameter, NoSuchOption

from models.words import _


class _Usage(formatting.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or _("Usage: "))


def teach() -> None:
    """Let typer's screens speak the reader's language; a second call changes nothing."""
    if Context.formatter_class is _Usage:
        return
    Context.formatter_class = _Usage
    decorators.help_option = _help_option(decorators.help_option)
    rich_utils._make_rich_text = _folding(rich_utils._make_rich_text)  # noqa: SLF001 - Japanese has no spaces to break at


def in_our_words(error: ClickException) -> str:
    """Return a usage error in the reader's language."""
    match error:
        case MissingParameter():
            return _("{name} is missing.").format(name=_name(error))
        case BadParameter():
            return _("The value of {name} cannot be used.").format(name=_name(error))
        case NoSuchOption() | BadOptionUsage():
            return _("There is no option {name}, or it is not used like that.").format(name=error.option_name)
        case _:
            return error.format_message()


def _name(error: BadParameter) -> str:
    if error.param is None:
        return error.param_hint if isinstance(error.param_hint, str) else ""
    return str(error.param.get_error_hint())


def _help_option(make: Callable[..., Any]) -> Callable[..., Any]:
    def help_option(names: Any) -> Callable[[Command], Command]:
        def decorate(command: Command) -> Command:
            make(names)(command)
            vars(command.params[-1])["help"] = _("Show this message and exit.")
            return command

        return decorate

    return help_option


def _folding(make: Callable[..., Any]) -> Callable[..., Any]:
    def text(**given: Any) -> Any:
        made = make(**given)
        if isinstance(made, Text):
            made.overflow = "fold"
        return made

    return text
