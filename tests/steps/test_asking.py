"""Whatever acts asks for a look at its year: in one small request, by a file of its own account, or not at all."""

import stat
from collections.abc import Iterator
from pathlib import Path

import asked
import pytest
from asked import CREDENTIAL, Asked
from playing import CYCLE, Played, copy_of, morning_of

from adapters import dashboard
from steps import acting, asking

MEASURES = {"measures": ["W-OP-01"], "evidence": "契約書"}
opened = morning_of("conclude_contract")
year = copy_of("opened")


@pytest.fixture
def server(year: Played) -> Iterator[Asked]:
    """Give a server that the office of the year knows."""
    with asked.receiving() as receiver:
        receiver.tell(year.office.home)
        yield receiver


def test_an_act_asks_for_a_look_at_its_year(year: Played, server: Asked) -> None:
    """An act that is done asks once for a run of 年度業務 with the year, its tag, and a key that names its entry."""
    done = acting.perform(year.office, CYCLE, "claim_measures", by="sato", fields=MEASURES)
    [(name, body)] = server.bodies
    assert (name, body["parameters"]) == (asking.YEAR, {"fiscal_year": 2026, "programme": "hatachi"})
    assert body["tags"] == [CYCLE]
    assert body["idempotency_key"].startswith(f"{year.office.settings.origin}/{CYCLE}/{done.seq}/")
    assert server.headers[0]["Authorization"].startswith("Basic ")
    assert server.headers[0]["Prefect-Csrf-Token"] == "t"


def test_the_same_entry_has_the_same_key(year: Played, server: Asked) -> None:
    """What is asked for twice as of one entry bears one key: the server makes one run of it."""
    for _time in range(2):
        asking.for_a_look(year.office, CYCLE, 1)
    (_first, one), (_second, other) = server.bodies
    assert one["idempotency_key"] == other["idempotency_key"]


def test_what_a_flow_did_asks_for_nothing(year: Played, server: Asked) -> None:
    """A run of the year looks again before it ends: its own acts ask for no other."""
    acting.perform(year.office, CYCLE, "claim_measures", by="sato", fields=MEASURES, via="driver")
    assert server.bodies == []


@pytest.mark.parametrize("status", [500, 0], ids=["in trouble", "silent"])
def test_a_server_that_does_not_take_it_holds_up_no_act(year: Played, server: Asked, status: int) -> None:
    """Whatever the server does, the act is on record, nothing of it is left, and nobody waits for an answer."""
    server.status = status
    done = acting.perform(year.office, CYCLE, "claim_measures", by="sato", fields=MEASURES)
    assert (done.repeated, done.left) == (False, ())
    assert not asking.for_a_look(year.office, CYCLE, done.seq)


def test_without_a_server_nothing_is_asked(year: Played) -> None:
    """Where nobody serves there is no file, and where a server is gone its address answers nothing: both are silent."""
    assert not asking.for_a_look(year.office, CYCLE, 1)
    with asked.receiving() as receiver:
        receiver.tell(year.office.home)
    assert not asking.for_a_look(year.office, CYCLE, 1)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"api": "x"}'])
def test_a_file_that_is_none_is_no_server(year: Played, content: str) -> None:
    """A damaged file is as good as none."""
    (year.office.home / "prefect").mkdir(exist_ok=True)
    (year.office.home / "prefect" / "asking.json").write_text(content)
    assert not asking.for_a_look(year.office, CYCLE, 1)


def test_the_credential_is_in_a_file_of_the_account_alone(tmp_path: Path) -> None:
    """Where to ask, and by which credential, is for the eyes of the account that serves; it shows in no repr."""
    where = dashboard.Asking(api="http://127.0.0.1:1/api", credential=CREDENTIAL, deployments={})
    dashboard.say_where(tmp_path, where)
    assert stat.S_IMODE((tmp_path / "prefect" / "asking.json").stat().st_mode) == 0o600
    assert CREDENTIAL not in repr(where)
