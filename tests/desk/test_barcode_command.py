"""`tsudoi barcode` as a clerk and a script use it."""

import io
import json

import pytest
from speaking import Tsudoi


def test_a_script_gets_number_symbols_check_and_bars(tsudoi: Tsudoi) -> None:
    """The official example comes out as JSON, without an installation."""
    said = tsudoi("barcode", "263-0023", "3丁目30-8　郵便ビル403号", "--json")
    told = json.loads(said.out)
    assert said.status == 0
    assert (told["address_number"], told["check"], len(told["symbols"]), told["doubtful"]) == (
        "3-30-8-403",
        "5",
        20,
        [],
    )
    assert told["bars"] == "1313232131214414413231231241431214441423141412314431243243243214131"


def test_the_address_may_come_through_standard_input(tsudoi: Tsudoi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash keeps the address out of the argument list."""
    monkeypatch.setattr("sys.stdin", io.StringIO("4丁目　郵便センター6号館\r\n"))
    assert json.loads(tsudoi("barcode", "060-0906", "-", "--json").out)["address_number"] == "4-6"


def test_a_doubtful_address_is_told_and_done(tsudoi: Tsudoi) -> None:
    """The bars are shown, the doubt beside them, and the status is that of success with a warning."""
    said = tsudoi("barcode", "160-0023", "二丁目一番地の三")
    assert (said.status, "2-1" in said.out, "疑義" in said.err) == (0, True, True)
    told = json.loads(tsudoi("barcode", "160-0023", "二丁目一番地の三", "--json").out)
    assert told["doubtful"] == ["kanji_numeral"]


def test_a_representative_code_is_refused_and_says_so(tsudoi: Tsudoi) -> None:
    """160-0000 gets no bars; a script reads that from the JSON, a person why and what to do."""
    said = tsudoi("barcode", "160-0000", "1丁目2番3号", "--json")
    assert (said.status, json.loads(said.out)["bars"], json.loads(said.out)["representative"]) == (2, "", True)
    assert "→ " in said.err
