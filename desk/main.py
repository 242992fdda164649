"""`tsudoi`: the one command. Exit status 0 done, 2 refused, 3 held, 1 only for a bug."""

import importlib
import os
import sys

from adapters import disk
from desk import console
from models.errors import TsudoiError
from models.words import _

console.speak_the_readers_language()

import typer  # noqa: E402 - it reads its own words when it is imported
from typer._click.exceptions import ClickException  # noqa: E402 - typer gives no public name for it

from desk import typer_words  # noqa: E402 - it imports typer

# The rooms of the desk, each with the commands it brings. A room is imported only when its command is called, so that
# showing a table does not wait for typst or Prefect.
_COMMANDS = {
    "installing": "init backup restore",
    "people": "people",
    "cycles": "cycle next",
    "logins": "login logout",
    "acts": "act confirm deadline",
    "extracts": "sample extract",
    "contractors": "contractor",
    "barcodes": "barcode",
    "enclosing": "enclosing",
    "ledgers": "ledger bundle",
    "incidents": "incident",
    "measures": "measures",
    "supervision": "supervision",
    "documents": "documents",
    "printing": "print",
    "mornings": "watch reminders",
    "rehearse": "rehearse",
    "serve": "serve",
}
ROOMS = {word: f"desk.commands.{room}" for room, words in _COMMANDS.items() for word in words.split()}


def build(rooms: list[str]) -> typer.Typer:
    """Return the command with the rooms that are needed."""
    typer_words.teach()
    app = typer.Typer(
        name="tsudoi",
        help=_(
            "Runs the yearly consignment of invitations: guards every step, chases what is late, proves what is gone."
        ),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(lambda: None)
    for room in dict.fromkeys(rooms):
        app.add_typer(importlib.import_module(room).app)
    return app


def main(arguments: list[str] | None = None) -> None:
    """Run the command. What it writes is for this account alone, and what it has in memory goes nowhere."""
    os.umask(0o077)
    disk.leave_no_dumps()
    given = sys.argv[1:] if arguments is None else arguments
    word = next((argument for argument in given if not argument.startswith("-")), "")
    rooms = [ROOMS[word]] if word in ROOMS else list(ROOMS.values())
    console.leave(_run(rooms, given))


def _run(rooms: list[str], given: list[str]) -> int:
    try:
        status = build(rooms)(args=given, standalone_mode=False)
    except TsudoiError as error:
        return console.explain(error)
    except ClickException as error:
        if message := typer_words.in_our_words(error):  # none where the help itself was the answer
            console.say_aside(message, style="bold red")
            console.say_aside("→ " + _("`tsudoi --help` lists the commands."))
        return console.REFUSED
    except typer.Exit as leaving:
        return _interrupted() if leaving.exit_code == console.INTERRUPTED else leaving.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except Exception as error:  # noqa: BLE001 - the last door: a bug must not print what it may hold
        refused = disk.in_words(error)
        return console.explain(refused) if refused else console.explain_bug(error)
    return status if isinstance(status, int) else console.DONE


def _interrupted() -> int:
    """Say that Ctrl-C was heard; typer makes an exit of it, a prompt an abort."""
    console.say_aside(_("Interrupted. Nothing half-done was kept; the same command goes on from here."))
    return console.INTERRUPTED
