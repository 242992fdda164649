"""Whichever command does a person's act lets it be signed, and says what did not follow it although it is recorded."""

from collections.abc import Callable
from typing import Any

import pytest
from speaking import Tsudoi

from states.acts import Outcome
from steps import documents, extraction, printing, protection, reminding
from steps.identity import AtTheDesk
from steps.office import Office
from steps.protection import Told

YEAR = 2026


def _outcome(act: str) -> Outcome:
    return Outcome(trigger=act, state="ready", seq=7, left=("封筒",))


def _told(act: str) -> Told:
    return Told(outcome=_outcome(act), rows=1, named=0)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("act", "step", "result", "command"),
    [
        ("decide_row", (extraction, "decide_all"), _outcome,
         ("extract", "decide", YEAR, "--row", 2, "--as", "exclude", "--reason", "font")),
        ("take_additions", (extraction, "take_additions"), _outcome,
         ("extract", "take", "--year", YEAR, "--additions", "--none")),
        ("take_changes", (protection, "take_changes"), _told, ("extract", "changes", "list.csv", "--year", YEAR)),
        ("recheck_before_sealing", (protection, "recheck"), _told,
         ("extract", "recheck", "list.csv", "--year", YEAR, "--json")),
        ("withdraw_list", (protection, "withdraw"), _outcome,
         ("extract", "withdraw", YEAR, "--list", "abc", "--reason", "wrong_list")),
        ("list_protected", (protection, "list_protected"), _told, ("extract", "protected", YEAR, "--out", "out.csv")),
        ("hand_out_letters", (printing, "hand_out_letters"), _outcome,
         ("extract", "letters", YEAR, "--out", "out.pdf")),
        ("file_document", (documents, "file"), _outcome, ("documents", YEAR, "--file", "paper.txt", "--number", 2)),
        ("acknowledge_reminder", (reminding, "acknowledge"), _outcome, ("reminders", YEAR, "--acknowledge", 1)),
    ],
)  # fmt: skip
def test_an_act_can_be_signed_and_what_it_left_is_said_with_the_command_that_asks_for_it_again(
    *, act: str, step: tuple[Any, str], result: Callable[[str], Any], command: tuple[object, ...], tsudoi: Tsudoi,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The step gets the keyring of the shell; beside the result stands what failed after the act, and what to do."""

    def done(office: Office, *_args: object, **_options: object) -> Any:
        assert isinstance(office.keyring, AtTheDesk)
        return result(act)

    monkeypatch.setattr(*step, done)
    said = tsudoi(*command, "--by", "sato")
    assert said.status in {0, 3}
    assert "封筒" in said.err
    assert f"tsudoi print {YEAR} --after {act}" in said.err
