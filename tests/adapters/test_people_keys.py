"""People's keys on a real disk, at a low cost: what opens them, what does not, and how long nobody may try again."""

import json
import stat
from pathlib import Path

import pytest

from adapters.passphrases import one_use, refuse_weak
from adapters.people_keys import FICTIONAL, LOCKED_AFTER, PeopleKeys, PersonKey, WrongPassphrase
from adapters.sessions import Sessions
from models.errors import BadInput, BadSetting, Damaged
from models.notes import all_hold

WORDS = "四つの言葉を つなぐ合図"


class Clock:
    """A clock that stands where it was put."""

    at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path, clock: Clock) -> PeopleKeys:
    return PeopleKeys(tmp_path / "people", now=clock)


@pytest.fixture
def sato(keys: PeopleKeys) -> PersonKey:
    return keys.make("sato", WORDS, cost=FICTIONAL)


def the_file(keys: PeopleKeys) -> Path:
    (path,) = keys.folder.glob("*.json")
    return path


def test_the_passphrase_opens_the_key_it_sealed(keys: PeopleKeys, sato: PersonKey) -> None:
    """What the unlocked key signs holds under the public half; two keys of one passphrase differ."""
    unlocked = keys.unlock("sato", sato.public_key, WORDS)
    assert all_hold([unlocked.sign(b"x")], b"x", bytes.fromhex(sato.public_key))
    assert keys.make("sato", WORDS, cost=FICTIONAL).public_key != sato.public_key


def test_one_passphrase_typed_on_two_keyboards_opens(keys: PeopleKeys) -> None:
    """Composed or decomposed kana and wide or narrow letters are the same passphrase."""
    key = keys.make("sato", "がぎぐげごabc", cost=FICTIONAL)
    assert keys.unlock("sato", key.public_key, "か\u3099き\u3099く\u3099け\u3099こ\u3099ａｂｃ")


def test_the_default_cost_is_not_a_rehearsals(keys: PeopleKeys) -> None:
    """A key made without saying its cost takes 64 MiB and three passes to try, and says so in its file."""
    key = keys.make("ito", WORDS)
    cost = json.loads(the_file(keys).read_text())["argon2id"]
    assert (cost["passes"], cost["memory_kib"], cost["lanes"]) == (3, 65536, 4)
    assert keys.unlock("ito", key.public_key, WORDS)


def test_the_file_is_its_owners_and_holds_no_private_half(keys: PeopleKeys, sato: PersonKey) -> None:
    """The sealed key is readable by this account alone, and neither key nor passphrase stands in it."""
    path = the_file(keys)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700
    text = path.read_text()
    assert sato.secret().hex() not in text
    assert WORDS not in text


@pytest.mark.parametrize("name", ["person", "public_key", "one_use", "sealed", "nonce", "argon2id"])
def test_a_changed_file_opens_nothing(keys: PeopleKeys, sato: PersonKey, name: str) -> None:
    """Whatever is changed in the file, nobody is unlocked."""
    path = the_file(keys)
    known = json.loads(path.read_text())
    known[name] = {"one_use": True, "argon2id": known["argon2id"] | {"passes": 2}}.get(name, "00" * 32)
    path.write_text(json.dumps(known))
    with pytest.raises((WrongPassphrase, Damaged)):
        keys.unlock("sato", sato.public_key, WORDS)


def test_a_missing_file_is_said(keys: PeopleKeys, sato: PersonKey) -> None:
    """A key whose file is gone says to restore it, and nothing of a wrong passphrase."""
    the_file(keys).unlink()
    with pytest.raises(BadSetting, match="sato"):
        keys.unlock("sato", sato.public_key, WORDS)


def test_wrong_passphrases_wait_ever_longer(keys: PeopleKeys, sato: PersonKey, clock: Clock) -> None:
    """Two slips are free; from the third on each makes everybody wait twice as long, the tenth a day; then it opens."""
    waits: list[float] = []
    for nth in range(1, LOCKED_AFTER + 1):
        with pytest.raises(WrongPassphrase) as wrong:
            keys.unlock("sato", sato.public_key, "something else")
        assert (wrong.value.failures, wrong.value.is_locked) == (nth, nth == LOCKED_AFTER)
        waits.append(waited(keys, sato, clock))
    assert waits == [0, 0, 30, 60, 120, 240, 480, 960, 1920, 86400]
    assert keys.unlock("sato", sato.public_key, WORDS)
    with pytest.raises(WrongPassphrase) as wrong:
        keys.unlock("sato", sato.public_key, "something else")
    assert wrong.value.failures == 1


def waited(keys: PeopleKeys, key: PersonKey, clock: Clock) -> float:
    """Go on to the moment at which the next try is heard, and return how long that took."""
    for wait in (0, 30, 60, 120, 240, 480, 960, 1920, 86400):
        before, clock.at = clock.at, clock.at + wait
        if is_heard(keys, key):
            clock.at = before + wait
            return wait
        clock.at = before
    raise AssertionError


def is_heard(keys: PeopleKeys, key: PersonKey) -> bool:
    """Tell whether a try would be heard now, without making it."""
    (tries,) = keys.folder.glob("*.tries")
    counted = tries.read_bytes()
    try:
        keys.unlock(key.person, key.public_key, "something else")
    except WrongPassphrase:
        return True
    except BadInput:
        return False
    finally:
        tries.write_bytes(counted)
    raise AssertionError


def test_a_clock_set_back_does_not_shorten_the_wait(keys: PeopleKeys, sato: PersonKey, clock: Clock) -> None:
    """Whoever sets the clock back after three wrong ones still waits, with the right one too."""
    for _nth in range(3):
        with pytest.raises(WrongPassphrase):
            keys.unlock("sato", sato.public_key, "something else")
    clock.at -= 10_000
    with pytest.raises(BadInput) as refused:
        keys.unlock("sato", sato.public_key, WORDS)
    assert not isinstance(refused.value, WrongPassphrase)


@pytest.mark.parametrize(
    "weak",
    [
        "", "12345678", "short words", "aaaaaaaaaaaa", "123456789012", "qwertyuiopasdf", "password1234!!",
        "abcabcabcabcabc", "あいうえおかきくけこさしす", "さとうみどりさとうみどり", "sato sato sato 2026",
        "令和8年はたちのつどい!",
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_refused(weak: str) -> None:
    """Short, common, repeated, counted up, or the person's own id and name."""
    with pytest.raises(BadInput):
        refuse_weak(weak, about=("sato", "さとう みどり"))


@pytest.mark.parametrize("good", [WORDS, "correct horse battery", "合言葉は hidden ですよ"])
def test_several_words_are_taken(good: str) -> None:
    """Words that have nothing to do with each other are a passphrase, in any script."""
    refuse_weak(good, about=("sato", "佐藤 みどり"))


def test_what_is_drawn_for_one_use_is_taken() -> None:
    """What a person is handed on a slip is a passphrase itself, whatever was drawn."""
    for _nth in range(200):
        refuse_weak(one_use(), about=("sato", "佐藤 みどり"))


def test_a_session_belongs_to_its_token(tmp_path: Path, sato: PersonKey, clock: Clock) -> None:
    """The token opens it, another does not, use prolongs it, half an idle hour or a clock set back ends it."""
    sessions = Sessions(tmp_path / "sessions", now=clock)
    token = sessions.open(sato)
    assert token not in "".join(path.name for path in sessions.folder.iterdir())
    assert sessions.key_of("0" * 64) is None
    for _nth in range(3):
        clock.at += 29 * 60
        key = sessions.key_of(token)
        assert key is not None
        assert (key.person, key.public_key) == ("sato", sato.public_key)
    clock.at += 30 * 60
    assert sessions.key_of(token) is None
    token = sessions.open(sato)
    clock.at -= 60
    assert sessions.key_of(token) is None


def test_a_session_ends_with_the_working_day(tmp_path: Path, sato: PersonKey, clock: Clock) -> None:
    """However much it is used, after twelve hours the passphrase is asked for again, and nothing of it is left."""
    sessions = Sessions(tmp_path / "sessions", now=clock)
    token, hours = sessions.open(sato), 0.0
    while sessions.key_of(token):
        clock.at += 1200
        hours += 1 / 3
    assert round(hours, 1) == 12
    assert not list(sessions.folder.iterdir())
