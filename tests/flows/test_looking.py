"""What looks beside the served flows: it runs nothing, and asks for what has changed, each once."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import asked
import pytest
from asked import Asked
from conftest import Prefect, go_to
from playing import Played

from adapters.clock import VirtualClock
from adapters.sample import sample_extract, write_sample
from models.clock import TOKYO
from models.errors import Refused
from steps import acting, asking, preparation, reminding
from steps.office import Office

pytestmark = pytest.mark.xdist_group("prefect")

CYCLE = "hatachi-2026"


@pytest.fixture
def server(office: Office) -> Iterator[Asked]:
    """Give a server that the office knows and that takes what is asked."""
    with asked.receiving() as receiver:
        receiver.tell(office.home)
        yield receiver


@pytest.fixture
def looker(prefect: Prefect, office: Office, server: Asked) -> Any:
    """Give what looks at an office whose year is open, after its first look."""
    preparation.open_year(office, 2026)
    looker = prefect.flow_module("looking").Looker(office=office)
    looker.look()
    looker.look()
    assert [name for name, _body in server.bodies] == [asking.ALL_YEARS]
    server.bodies.clear()
    return looker


def test_a_look_at_what_stands_still_asks_for_nothing(looker: Any, server: Asked) -> None:
    """After the first look, which asks once for all years, nothing is asked for while nothing changes."""
    looker.look()
    assert server.bodies == []


def test_what_was_dropped_is_asked_for_by_the_next_look(looker: Any, office: Office, server: Asked) -> None:
    """An act whose own request nobody took is seen in the ledger, and asked for until the server takes it."""
    server.status = 500
    done = acting.perform(office, CYCLE, "hold", by="sato", fields={"reason": "drill"})
    looker.look()
    server.bodies.clear()
    server.status = 201
    looker.look()
    looker.look()
    [(name, body)] = server.bodies
    assert name == asking.YEAR
    assert f"/{CYCLE}/{done.seq}/" in body["idempotency_key"]


def test_a_refusal_is_no_change(looker: Any, office: Office, server: Asked) -> None:
    """What was refused stands in the ledger and changes nothing: a run that is refused something asks for no other."""
    with pytest.raises(Refused):
        acting.perform(
            office, CYCLE, "settle_incident", by="takahashi", fields={"incident": 7, "decision_number": "8-総総-9"}
        )
    looker.look()
    assert server.bodies == []


def test_a_flag_asks_for_no_run_of_its_own(looker: Any, office: Office, server: Asked) -> None:
    """What a watch flags, in however many years, is looked at in one run of all; the look beside it asks for none."""
    go_to(office, 2026, 9, 28)
    assert reminding.watch(office).swept.flagged
    looker.look()
    assert [name for name, _body in server.bodies] == [asking.ALL_YEARS]


def test_a_file_in_the_inbox_is_a_change_for_the_year_that_waits_for_it(
    looker: Any, office: Office, server: Asked, tmp_path: Path
) -> None:
    """A file that arrives is asked for once, by a key of its own; where no year waits for one, nothing is."""
    extract = office.settings.inbox / "extract.csv"
    write_sample(sample_extract(fiscal_year=2026, persons=60), extract)
    looker.look()
    assert server.bodies == []
    extract.unlink()
    Played(folder=tmp_path / "office", office=office).play(before="take_extract")
    looker.look()
    server.bodies.clear()
    write_sample(sample_extract(fiscal_year=2026, persons=60), extract)
    for _time in range(2):
        looker.look()
    [(name, body)] = server.bodies
    assert name == asking.YEAR
    assert "extract.csv" in body["idempotency_key"]


def test_the_day_on_which_a_year_opens_is_asked_for(prefect: Prefect, office: Office, server: Asked) -> None:
    """A server that comes up after the opening day asks for 年度の開始; on a day before it does not."""
    clock = office.clock
    assert isinstance(clock, VirtualClock)
    clock.set(datetime(2026, 8, 31, 9, 0, tzinfo=TOKYO))
    looker = prefect.flow_module("looking").Looker(office=office)
    looker.look()
    assert asking.OPENING not in {name for name, _body in server.bodies}
    clock.set(datetime(2026, 9, 20, 9, 0, tzinfo=TOKYO))
    looker.look()
    assert asking.OPENING in {name for name, _body in server.bodies}
