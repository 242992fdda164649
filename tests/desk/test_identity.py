"""Four eyes are two people: whoever has one shell and no second passphrase is one person, whatever he types."""

import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from figures import Figures
from keyed import keyed_office
from speaking import Remembered, Said, Tsudoi

from adapters.programmes import measures_of
from models.database import reading
from models.errors import Refused
from states import ledger
from steps import identity, preparation
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE as WORDS

NEW = "horse battery staple correct"
FOR_KATO = "people add kato --name '加藤 花' --side ward --role coordinator --from 2026-04-01 --to 2027-03-31"


@pytest.fixture(scope="session")
def keyed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an installation whose people have keys, with its year open, on a virtual clock; copied, never used."""
    home = tmp_path_factory.mktemp("keyed") / "home"
    keyed_office(home)
    return home


@pytest.fixture
def home(keyed_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the data directory of an open year whose people have keys, named by the environment as in life."""
    shutil.copytree(keyed_home, tmp_path / "home")
    monkeypatch.setenv("TSUDOI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TSUDOI_INBOX", str(tmp_path / "inbox"))
    return tmp_path / "home"


@pytest.fixture
def shell(tsudoi: Tsudoi, home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Type a command in one shell; what is asked for comes from the lines that are given."""

    def type_it(command: str, *lines: str) -> Said:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        said = tsudoi(*shlex.split(command))
        for line in said.out.splitlines():
            if line.startswith("export "):
                name, _sign, token = line.removeprefix("export ").partition("=")
                monkeypatch.setenv(name, token)
            if line.startswith("unset "):
                monkeypatch.delenv(line.removeprefix("unset "), raising=False)
        return said

    return type_it


Shell = Callable[..., Said]


@pytest.fixture
def entries(home: Path) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Read the ledger as it is stored."""
    office = Office.open()

    def read() -> list[dict[str, Any]]:
        with reading(office.engine) as connection:
            return [json.loads(line) for line in ledger.entries(connection)]

    yield read
    office.engine.dispose()


Entries = Callable[[], list[dict[str, Any]]]


def claim(by: str) -> str:
    mine = ",".join(it.id for it in measures_of("hatachi/measures.yaml") if it.id.startswith("W"))
    return f"act 2026 claim_measures --set evidence=点検表 --by {by} --set measures={mine}"


def test_one_shell_is_one_person(shell: Shell, entries: Entries, figures: Figures) -> None:
    """Logged in as one, nobody proposes and confirms as two: the second person's passphrase is asked for."""
    assert shell("login sato", WORDS).status == 0
    assert shell(f"{FOR_KATO} --by sato").status == 3
    seq = entries()[-1]["seq"]
    refused = shell(f"confirm 2026 register_people --by takahashi --entry {seq}", "not the right words")
    assert refused.status == 2
    assert "not the right words" not in refused.err
    decided = (
        f"confirm 2026 register_people --by takahashi --entry {seq} --decision 26総総第1号 --decided-on 2026-09-01"
    )
    assert shell(decided).status == 2  # typed by whoever proposed it
    forged = "kato" in shell("people list --json").out
    figures.tell("confirmations forged", where="from one person's shell", tried=2, held=0 if forged else 2)
    assert not forged
    assert shell(f"confirm 2026 register_people --by takahashi --entry {seq}", WORDS).status == 0
    assert "kato" in shell("people list --json").out


def test_an_act_without_the_persons_passphrase_is_refused(shell: Shell, entries: Entries) -> None:
    """Nobody acts as another: without a session the passphrase of the actor is asked for, and a wrong one refuses."""
    assert shell(claim("sato"), "not the right words").status == 2
    assert shell(claim("sato")).status == 2  # nobody can be asked
    assert shell(claim("sato"), WORDS).status == 0
    done = entries()[-1]
    assert (done["by"], done["data"]["signature"]["by"]) == ("sato", "sato")


def test_a_contractors_act_is_signed_by_who_types_it(shell: Shell, entries: Entries) -> None:
    """What is entered for the contractor needs a session and names the typist; without one it is refused."""
    by_asahi = "act 2026 claim_measures --set evidence=点検表 --by asahi --set measures=C-OP-01"
    assert shell(by_asahi).status == 2
    shell("login sato", WORDS)
    assert shell(by_asahi).status == 0
    done = entries()[-1]
    assert (done["by"], done["data"]["entered_by"], done["data"]["signature"]["by"]) == ("asahi", "sato", "sato")


def test_nobody_sets_anybodys_passphrase(shell: Shell, remembered: Callable[[], Remembered]) -> None:
    """Without the old passphrase it does not change; giving another key is a proposal of one for another to confirm."""
    before = remembered().rows
    assert shell("people passphrase nakamura", NEW, NEW, NEW).status == 2
    assert shell("people key nakamura").status == 2
    assert remembered().rows == before
    shell("login sato", WORDS)
    assert shell("people key nakamura --by sato").status == 3
    assert shell("login nakamura", WORDS).status == 0  # the old key is in force until somebody confirms


def test_roles_change_by_two_people_and_an_event_of_their_own(shell: Shell, entries: Entries) -> None:
    """A role is neither given by the machine nor by one person nor to oneself; the event says what changed."""
    more = "people add sato --name '佐藤 みどり' --side ward --role coordinator --role approver "
    valid = "--from 2026-04-01 --to 2027-03-31 --mail sato@ward.example"
    assert shell(more + valid).status == 2
    assert shell(f"{more}{valid} --by sato", WORDS).status == 2
    assert shell(f"{more}{valid} --by suzuki", WORDS).status == 3
    seq = entries()[-1]["seq"]
    assert shell(f"confirm 2026 change_roles --by sato --entry {seq}", WORDS).status == 2
    assert shell(f"confirm 2026 change_roles --by takahashi --entry {seq}", WORDS).status == 0
    done = entries()[-1]
    assert (done["event"], done["data"]["confirmed_how"], done["data"]["proposal"]) == (
        "roles_changed",
        "signature",
        seq,
    )


def test_wrong_passphrases_are_told_slowed_and_locked(shell: Shell, entries: Entries) -> None:
    """Each wrong passphrase is an entry without what was typed; after three even the right one has to wait."""
    for _nth in range(3):
        assert shell("login takahashi", "what I guess today").status == 2
    told = entries()[-3:]
    assert [it["event"] for it in told] == ["passphrase_failed"] * 3
    assert [it["data"] for it in told] == [{"person": "takahashi", "failures": n} for n in (1, 2, 3)]
    assert "guess" not in json.dumps(told)
    refused = shell("login takahashi", WORDS)
    assert refused.status == 2
    assert "people passphrase" not in refused.err
    assert shell("login sato", WORDS).status == 0


@pytest.mark.parametrize(
    "weak",
    [
        "12345678",
        "aaaaaaaa",
        "aaaaaaaaaaaaaaaa",
        "123456789012",
        "password1234!!",
        "佐藤みどり佐藤みどり2026",
        "abcabcabcabcabc",
    ],
)
def test_a_weak_passphrase_is_refused(
    shell: Shell, weak: str, remembered: Callable[[], Remembered], figures: Figures
) -> None:
    """Short, common, repeated, counted up or one's own name: nothing changes."""
    before = remembered().rows
    refused = shell("people passphrase sato", WORDS, weak, weak).status == 2
    figures.tell("weak passphrases", where="people passphrase", tried=1, held=int(refused))
    assert refused
    assert remembered().rows == before
    assert shell("login sato", WORDS).status == 0


def test_a_changed_passphrase_is_a_new_key_vouched_for_by_the_old(shell: Shell, home: Path, entries: Entries) -> None:
    """Who knows the old passphrase changes it alone; the old one opens nothing any more, and neither is stored."""
    assert shell("people passphrase sato", WORDS, NEW, NEW).status == 0
    told = entries()[-1]
    assert (told["event"], told["by"], told["data"]["signature"]["by"]) == ("passphrase_changed", "sato", "sato")
    assert shell("login sato", WORDS).status == 2
    assert shell("login sato", NEW).status == 0
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert NEW.encode() not in stored
    assert {path.stat().st_mode & 0o077 for path in (home / "keys/people").glob("*.json")} == {0}


def test_a_confirmation_names_the_proposal_that_was_seen(shell: Shell, entries: Entries) -> None:
    """It shows the proposal, asks for its entry, and is refused once another proposal has taken its place."""
    shell("login sato", WORDS)
    shell(f"{FOR_KATO} --by sato")
    older = entries()[-1]["seq"]
    unnamed = shell("confirm 2026 register_people --by takahashi", WORDS)
    assert unnamed.status == 2
    for words in ("kato", "加藤 花", "sato", str(older)):
        assert words in unnamed.err
    shell(FOR_KATO.replace("coordinator", "approver") + " --by sato")
    *_before, newer, replaced = entries()
    assert (replaced["event"], replaced["data"]["proposal"]) == ("proposal_replaced", older)
    assert shell(f"confirm 2026 register_people --by takahashi --entry {older}", WORDS).status == 2
    assert shell(f"confirm 2026 register_people --by takahashi --entry {newer['seq']}", WORDS).status == 0


def test_an_approval_has_its_form_and_is_used_once(shell: Shell, entries: Entries) -> None:
    """What has another form is no approval number, and a number that confirmed one act confirms no other."""
    shell("login sato", WORDS)
    shell(f"{FOR_KATO} --by sato")
    seq = entries()[-1]["seq"]
    shell("login suzuki", WORDS)
    confirm = "confirm 2026 {act} --by takahashi --entry {seq} --decision {number} --decided-on {on}"
    one = {"act": "register_people", "seq": seq, "number": "26総総第12号", "on": "2026-09-01"}
    assert shell(confirm.format(**{**one, "number": "x"})).status == 2
    assert shell(confirm.format(**{**one, "on": "2026-08-31"})).status == 2
    assert shell(confirm.format(**{**one, "on": "2026-09-02"})).status == 2
    assert shell(confirm.format(**one)).status == 0
    done = entries()[-1]
    assert (done["data"]["confirmed_how"], done["data"]["entered_by"]) == ("decision", "suzuki")
    shell(f"{FOR_KATO.replace('--from', '--mail k@ward.example --from')} --by sato", WORDS)
    again = {**one, "act": "change_people", "seq": entries()[-1]["seq"]}
    assert shell(confirm.format(**{**again, "number": "２６総総第１２号"})).status == 2
    assert shell(confirm.format(**{**again, "number": "26総総第13号"})).status == 0


def test_a_session_ends_at_logout_and_after_idling(shell: Shell, home: Path) -> None:
    """After logout, and after half an hour in which nobody used it, the passphrase is asked for again."""
    shell("login sato", WORDS)
    assert shell(claim("sato")).status == 0
    assert shell("logout").status == 0
    assert shell(claim("sato")).status == 2
    shell("login sato", WORDS)
    (session,) = (home / "keys/sessions").iterdir()
    used = session.stat().st_mtime - 31 * 60
    os.utime(session, (used, used))
    assert shell(claim("sato")).status == 2
    assert not session.exists()


def test_a_first_person_is_handed_a_passphrase_for_one_use(
    tsudoi: Tsudoi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is first on an empty register changes the printed passphrase at the first login."""
    monkeypatch.setenv("TSUDOI_HOME", str(tmp_path / "new"))
    monkeypatch.setenv("TSUDOI_INBOX", str(tmp_path / "in"))
    assert tsudoi("init").status == 0
    said = tsudoi(*shlex.split(FOR_KATO))
    (slip,) = [word for word in said.out.split() if word.count("-") == 3]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{slip}\n{NEW}\n{NEW}\n"))
    assert tsudoi("login", "kato").status == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{slip}\n"))
    assert tsudoi("login", "kato").status == 2
    shown = tsudoi("ledger", "show", "--json").out
    assert [it["event"] for it in json.loads(shown)][:3] == ["person_registered", "key_given", "passphrase_changed"]
    assert slip not in shown


def test_the_keys_stand_in_the_opening_of_the_year(entries: Entries) -> None:
    """Whoever compares the list of people and keys finds it before the year begins; the setting up is told as that."""
    opened = next(it for it in entries() if it["event"] == "cycle_opened")
    given = [it for it in entries() if it["event"] == "key_given"]
    assert set(opened["data"]["keys"]) == {it["data"]["record"]["person"] for it in given}
    assert all(it["data"]["setting_up"] for it in given)


def test_after_the_opening_one_person_changes_nothing(home: Path) -> None:
    """What filled the register while the office was set up is refused once a year is open."""
    office = Office.open()
    with pytest.raises(Refused):
        identity.opening.register(office.door, preparation.everybody(office)[0], by="system", via="desk")
    office.engine.dispose()


def test_a_script_acts_with_the_token_that_a_person_gave_it(shell: Shell, home: Path, entries: Entries) -> None:
    """A process of its own, with nobody to ask, acts by `TSUDOI_SESSION` of a login, signed; without, or after, not."""
    token = json.loads(shell("login sato --json", WORDS).out)["TSUDOI_SESSION"]
    surroundings = {key: value for key, value in os.environ.items() if key != "TSUDOI_SESSION"}

    def script(**session: str) -> int:
        command = [Path(sys.executable).with_name("tsudoi"), *shlex.split(claim("sato"))]
        return subprocess.run(
            command, env=surroundings | session, stdin=subprocess.DEVNULL, capture_output=True, check=False
        ).returncode

    assert script() == 2
    assert script(TSUDOI_SESSION=token) == 0
    done = entries()[-1]
    assert (done["by"], done["data"]["signature"]["by"]) == ("sato", "sato")
    identity.sessions_of(Office.open(home)).close(token)
    assert script(TSUDOI_SESSION=token) == 2
