"""How the desk speaks: words on the screen, JSON for scripts, and errors as one clear line with the remedy."""

import gettext
import json
import os
import sys
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters import disk
from models.errors import Refused, TsudoiError, place_of
from models.plain import is_plain, visible
from models.words import DOMAIN, LOCALE, _, language
from states.table import BY_TRIGGER

screen = Console(highlight=False, soft_wrap=True)
aside = Console(stderr=True, highlight=False, soft_wrap=True)

DONE, REFUSED, HELD, BUG = 0, 2, 3, 1
INTERRUPTED = 130


def speak_the_readers_language() -> None:
    """Let the command line's own words (usage, options) come from the project's catalogue too."""
    os.environ["LANGUAGE"] = language()
    gettext.bindtextdomain(DOMAIN, str(LOCALE))
    gettext.textdomain(DOMAIN)


def say(text: str, /, *, style: str = "", **values: object) -> None:
    """Say a line on the screen, with these values in its named places; what stands in brackets is text, not markup."""
    screen.print(_text(text.format(**values) if values else text, style=style))


def say_aside(text: str, /, *, style: str = "", **values: object) -> None:
    """Say a line beside the result, on standard error, as `say` does."""
    aside.print(_text(text.format(**values) if values else text, style=style))


def say_json(data: Any) -> None:
    """Print JSON and nothing else; what a terminal would obey is written as its number."""
    for line in json.dumps(data, ensure_ascii=False, indent=2).split("\n"):
        print("".join(sign if is_plain(sign) else json.dumps(sign).strip('"') for sign in line))


def _text(text: str, *, style: str = "", keep: str = "\n") -> Text:
    """Make what is shown: text, never markup, and never what a terminal obeys."""
    return Text(visible(text, keep=keep), style=style)


def say_table(headings: list[str], rows: list[list[str]], *, styles: list[str] | None = None, title: str = "") -> None:
    """Show a table; a cell is text, never markup."""
    table = Table(
        title=title or None, title_justify="left", show_edge=False, pad_edge=False, box=None, padding=(0, 2, 0, 0)
    )
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for number, row in enumerate(rows):
        table.add_row(*(_text(cell, keep="") for cell in row), style=(styles or [""] * len(rows))[number])
    screen.print(table)


def explain(error: TsudoiError) -> int:
    """Say what happened and what to do; return the exit status."""
    say_aside(error.message, style="bold red")
    if isinstance(error, Refused):
        for gap in error.unmet:
            say_aside(f"  ・{gap}{typed(gap.act)}")
    if error.remedy:
        say_aside(f"→ {error.remedy}{typed(error.act)}")
    return error.exit_status


def typed(act: str, year: int | str = "YEAR") -> str:
    """Return how an act that is named as a remedy is typed: the words themselves are read at the desk too."""
    return f" → {BY_TRIGGER[act].typed_as.replace('YEAR', str(year))}" if act else ""


def explain_bug(error: BaseException) -> int:
    """Own up to a bug: its type and place, not its message, which might quote data."""
    say_aside(
        _("This is a bug: {kind} at {place}.").format(kind=type(error).__name__, place=place_of(error)),
        style="bold red",
    )
    say_aside("→ " + _("Nothing half-done was kept. Tell the maintainers these words."))
    return BUG


def leave(status: int) -> NoReturn:
    """End the command with an exit status; who no longer listens, or has no room for what was said, changes it."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
        if refused := disk.in_words(error):
            status = explain(refused)
    sys.exit(status)
