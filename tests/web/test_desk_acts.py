"""An act at the desk: its form, what is wrong with it, what becomes of it, and the second person."""

from collections.abc import Callable

from browsing import Browser
from keyed import entries

from steps.office import Office

CONTRACT = {
    "conclude_contract.by": "sato", "conclude_contract.contract_number": "2026-1",
    "conclude_contract.begins_on": "2026-09-01", "conclude_contract.ends_on": "2026-12-28",
    "conclude_contract.special_provisions_attached": "true",
    "conclude_contract.decision_number": "2026-総総-0101", "conclude_contract.approved_on": "2026-09-01",
    "conclude_contract.certificate_number": "第00000000号（架空）", "conclude_contract.certificate_until": "2027-03-31",
    "claim_measures.ward-document-2.by": "sato", "claim_measures.ward-document-2.measures": "W-OP-01",
    "claim_measures.ward-document-2.evidence": "起案 2026-総総-0101", "claim_measures.ward-document-2.kind": "document",
    "claim_measures.ward-document-2.result": "契約書と特記事項を照合し、添付を確認",
    "claim_measures.ward-document-2.happened_on": "2026-09-01",
}  # fmt: skip
SCAN = {"claim_measures.ward-document-2.evidence_file": ("contract.txt", "契約書の写し（架空）\n".encode())}
AT = "/hatachi-2026/acts/conclude_contract"


def test_an_act_is_done_by_its_form(browser: Callable[[], Browser], keyed: Office) -> None:
    """What is filled in is recorded in the name of who is logged in, and signed by that person's key."""
    person = browser()
    person.log_in("sato")
    person.open(AT)
    text = person.send(AT, files=SCAN, **CONTRACT)
    assert "管理簿" in text
    [entry] = entries(keyed, "contract_concluded")
    assert (entry["by"], entry["data"]["signature"]["by"]) == ("sato", "sato")


def test_a_form_that_is_sent_twice_is_one_act(browser: Callable[[], Browser], keyed: Office) -> None:
    """The same form again, as a reload sends it, changes nothing."""
    person = browser()
    person.log_in("sato")
    person.open(AT)
    hidden = dict(person.hidden)
    person.send(AT, files=SCAN, **CONTRACT)
    person.hidden = hidden
    person.send(AT, files=SCAN, **CONTRACT)
    assert len(entries(keyed, "contract_concluded")) == 1


def test_what_is_wrong_stands_at_its_field(browser: Callable[[], Browser], keyed: Office) -> None:
    """A field that is missing is said at the field, what was typed stands there still, and nothing is recorded."""
    person = browser()
    person.log_in("sato")
    person.open(AT)
    text = person.send(AT, 422, **(CONTRACT | {"conclude_contract.contract_number": ""}))
    assert 'id="f-conclude_contract-contract_number-wrong"' in text
    assert 'value="2026-12-28"' in text
    assert not entries(keyed, "contract_concluded")


def test_nobody_enters_in_anothers_name(browser: Callable[[], Browser], keyed: Office) -> None:
    """A form changed to bear another person of the ward is refused, and nothing is recorded."""
    person = browser()
    person.log_in("sato")
    person.open(AT)
    person.send(AT, 422, **(CONTRACT | {"conclude_contract.by": "suzuki"}))
    assert not entries(keyed, "contract_concluded")


def test_a_form_without_its_token_is_refused(browser: Callable[[], Browser], keyed: Office) -> None:
    """A form that another page made up, or that is of another session, changes nothing."""
    person = browser()
    person.log_in("sato")
    person.hidden = {"token": "0" * 64}
    person.send(AT, 422, **CONTRACT)
    answer = person.client.post(AT, data=CONTRACT, headers={"Origin": "https://elsewhere.invalid"})
    assert answer.status_code == 403
    assert not entries(keyed, "contract_concluded")
