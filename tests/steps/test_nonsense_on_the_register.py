"""Whatever stands on the register of people: the letters of the others go."""

import shutil
import tempfile
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from older import written_before
from receivers import Post, free_port, mail_server

from adapters.clock import VirtualClock
from models.clock import TOKYO
from steps import reminding
from steps.office import Office
from views import reminders

CYCLE = "hatachi-2026"
SOON = datetime(2026, 9, 28, 9, tzinfo=TOKYO)  # both coordinators are reminded of the contract
CHARACTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\x00")  # what a database takes
ADDRESSES = st.one_of(
    st.text(CHARACTERS, max_size=30),
    st.builds("{}@{}".format, st.text(CHARACTERS, max_size=12), st.text(CHARACTERS, max_size=12)),
    st.sampled_from((
        "sato＠ward.example", "佐藤@ward.example", "sato@ward.example\r\nBcc: x@y.example", "@", "<>", "sato@", "a@b@c",
        "sato@ward.example>", '"', "\r\n", "sato@" + "a" * 300, "=?utf-8?b?", "a@[", "\x1b[2J", "(", ";", ":,",
    )),
)  # fmt: skip
NAMES = st.one_of(
    st.text(CHARACTERS, max_size=30),
    st.sampled_from(("佐藤\r\nBcc: x@y.example", "\x1b[2J", "佐藤\u202e", '"', "(", "<x@y.example>", "\r\n.\r\n")),
)


@pytest.fixture(scope="module")
def watched_by(template_home: Path) -> Path:
    """Give the installation that each example copies."""
    return template_home


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=ADDRESSES, name=NAMES, said=st.sampled_from(("first", "last")))
def test_nonsense_in_one_entry_stops_nobody_elses_letter(
    watched_by: Path, monkeypatch: pytest.MonkeyPatch, address: str, name: str, said: str
) -> None:
    """Whatever address and name one person has, as an older installation may hold them, the other's letter goes.

    The one with the nonsense is told of by a word, or has a letter too; nobody whom the register does not name has one.
    """
    broken, other = ("sato", "suzuki") if said == "first" else ("suzuki", "sato")
    port = free_port()
    monkeypatch.setenv("TSUDOI_MAIL", f"smtp://127.0.0.1:{port}")
    with tempfile.TemporaryDirectory() as folder, mail_server(Post(), port) as post:
        home = Path(folder) / "home"
        shutil.copytree(watched_by, home)
        office = Office.open(home, Path(folder) / "inbox")
        nonsense = (address, name, broken)
        written_before(home / "tsudoi.db", "staff", "UPDATE staff SET mail = ?, name = ? WHERE id = ?", nonsense)
        VirtualClock(home / "clock").set(SOON)
        reminding.watch(office)
        states = {row.to_person: (row.state, row.trouble) for row in office.see(CYCLE, reminders.reminders_of)}
        office.engine.dispose()
    went = [parseaddr(str(letter["To"]))[1] for letter in post.letters]
    assert f"{other}@ward.example" in went
    assert states[other][0] == "sent"
    if states.get(broken, ("sent", ""))[0] == "waiting":
        assert states[broken][1]
        assert went == [f"{other}@ward.example"]
    assert not any(letter["Bcc"] or "x@y.example" in str(letter["To"]).rpartition("<")[2] for letter in post.letters)
