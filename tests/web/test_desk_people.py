"""The register of people at the desk: its entries, slips of passphrases for one use, absence, and 後閲."""

import re
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter
from browsing import Browser, served
from keyed import entries, events

from adapters.people_keys import FICTIONAL
from steps import identity, preparation
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE

In = Callable[[str], Browser]
YEAR = "/hatachi-2026"
NEW = {
    "entry.person": "mori", "entry.name": "森 花子", "entry.side": "ward", "entry.roles": ["coordinator"],
    "entry.valid_from": "2026-04-01", "entry.valid_to": "2027-03-31", "entry.mail": "mori@ward.example",
    "entry.phone": "03-0000-0120",
}  # fmt: skip


def _proposal(text: str) -> str:
    """Return the number of the proposal that a page tells."""
    match = re.search(r"第 ?(\d+) ?号", text)
    assert match
    return match[1]


def _absence(browser: Browser, **fields: str) -> str:
    path = f"{YEAR}/acts/record_absence"
    browser.open(path)
    return browser.send(path, **{f"record_absence.{name}": value for name, value in fields.items()})


def test_a_person_is_put_on_the_register_by_two(in_year: In, played: Office) -> None:
    """What one keeper types field by field waits for another; after the confirmation the person stands on the list."""
    first, second = in_year("sato"), in_year("suzuki")
    first.open("/new-person")
    seq = _proposal(first.send("/new-person", **NEW))
    assert "森 花子" not in first.open("/people")
    path = f"{YEAR}/proposals/register_people/{seq}"
    assert f'href="{path}"' in second.open("/people")
    assert f'href="{path}"' not in first.open("/people")
    assert "森 花子" in second.open(path)
    second.send(path, passphrase=SAMPLE_PASSPHRASE)
    assert "森 花子" in first.open("/people")
    [mori] = [person for person in preparation.everybody(played) if person.id == "mori"]
    assert (mori.phone, [role.value for role in mori.roles]) == ("03-0000-0120", ["coordinator"])


def test_what_is_wrong_with_an_entry_stands_at_its_field(in_year: In, played: Office) -> None:
    """A telephone number that is none is said at its field, what was typed stands there still, nothing is recorded."""
    browser = in_year("sato")
    browser.open("/new-person")
    text = browser.send("/new-person", 422, **{**NEW, "entry.phone": "twelve"})
    assert 'id="f-entry-phone-wrong"' in text
    assert 'value="森 花子"' in text
    assert re.search(r'value="coordinator" checked', text)
    assert "people_registered_proposed" not in events(played)


def test_a_changed_role_is_an_act_of_its_own(in_year: In, played: Office) -> None:
    """The same form changes an entry; whether it is a change of roles the machine tells, and nobody enters himself."""
    browser = in_year("sato")
    text = browser.open("/people/okada")
    assert 'value="03-0000-0105"' in text
    entry = {**NEW, "entry.name": "岡田 恵子", "entry.roles": ["inspector", "auditor"], "entry.mail": "",
             "entry.phone": ""}  # fmt: skip
    browser.send("/people/okada", **entry)
    assert events(played)[-1] == "roles_changed_proposed"
    browser.open("/people/sato")
    browser.send("/people/sato", 422, **{**entry, "entry.name": "佐藤 みどり", "entry.roles": ["approver"]})
    assert events(played)[-1] == "act_refused"


def test_the_slip_shows_a_passphrase_once_and_it_lies_nowhere(in_year: In, played: Office) -> None:
    """The passphrase stands on the page that answers, is not to be kept, and in no file; sent again makes no second."""
    first, second = in_year("sato"), in_year("suzuki")
    first.open("/people/okada/key")
    hidden = dict(first.hidden)
    answer = first.client.post("/people/okada/key", data={**hidden, "reason": "forgotten"})
    secret = re.search(r'class="secret">([^<]+)<', answer.text)
    assert secret
    assert answer.headers["cache-control"] == "no-store"
    files = [path for path in played.home.parent.rglob("*") if path.is_file()]
    assert not [path for path in files if secret[1].encode() in path.read_bytes()]
    assert secret[1] not in first.open("/people/okada")
    first.hidden = hidden
    assert "secret" not in first.send("/people/okada/key", 409, reason="forgotten")
    path = f"{YEAR}/proposals/give_key/{_proposal(answer.text)}"
    second.open(path)
    second.send(path, passphrase=SAMPLE_PASSPHRASE)
    assert identity.is_for_one_use(played, "okada")
    newcomer = in_year("okada")
    assert "登録ID又は合言葉" not in newcomer.log_in("okada", secret[1])
    assert newcomer.client.get("/").headers["location"] == "/passphrase"


@pytest.mark.parametrize("person", ["okada", "kansa", "watanabe"])
def test_only_keepers_change_the_register(in_year: In, played: Office, person: str) -> None:
    """An inspector, the auditor and the register section are shown no form, and what they send is refused."""
    browser = in_year(person)
    for path in ("/new-person", "/people/sato/key", "/import-people"):
        browser.open(path, 404)
    browser.open("/")
    for path in ("/new-person", "/people/sato", "/people/sato/key", "/import-people", "/confirm-people"):
        browser.send(path, 404, **NEW)
        browser.open("/")
    assert "_proposed" not in events(played)[-1]


def test_the_list_says_who_is_away_and_who_is_valid(in_year: In) -> None:
    """An absence stands beside the person with who decides meanwhile; its form begins with the person filled in."""
    browser = in_year("sato")
    form = browser.open(f"{YEAR}/acts/record_absence?person=takahashi")
    assert re.search(r'<option value="takahashi" selected>', form)
    _absence(browser, by="sato", person="takahashi", begins_on="2026-11-16", ends_on="2026-11-20",
             reason="business_trip", deputy="ito")  # fmt: skip
    text = browser.open("/people")
    row = text[text.index('href="/people/takahashi"') :].partition("</tr>")[0]
    assert re.search(r"不在</span>\s*令和8年11月16日（月） – 令和8年11月20日（金）（代わりの人：伊藤 誠）", row)
    assert "令和9年3月31日（水）まで" in row
    assert "交付済" in row


def test_a_decision_in_ones_place_is_seen_by_one_click(in_year: In, played: Office) -> None:
    """What a deputy decided waits for the approver alone, with its entry; one click records that it was seen."""
    coordinator, deputy, approver = in_year("sato"), in_year("ito"), in_year("takahashi")
    _absence(coordinator, by="sato", person="takahashi", begins_on="2026-11-16", ends_on="2026-11-17", reason="leave",
             deputy="ito")  # fmt: skip
    path = f"{YEAR}/acts/cancel"
    deputy.open(path)
    deputy.send(path, **{"cancel.by": "ito", "cancel.reason": "other", "cancel.decision_number": "26総総第900号"})
    coordinator.open(f"{YEAR}/decisions", 404)
    text = approver.open(f"{YEAR}/decisions")
    assert "伊藤 誠が代決" in text
    assert re.search(r'href="/hatachi-2026/entries/\d+"', text)
    assert f'href="{YEAR}/decisions"' in approver.open("/")
    unseen = re.findall(r'name="entries" value="(\d+)"', approver.open(f"{YEAR}/decisions"))
    approver.send(f"{YEAR}/decisions", entries=unseen)
    assert events(played)[-1] == "decisions_seen"
    assert "後閲を待つ代決はありません" in approver.open(f"{YEAR}/decisions")


def test_a_person_of_the_contractor_sees_own_acts_and_nothing_else(in_year: In, played: Office) -> None:
    """With a slip that two people gave, the contractor's manager logs in, and no page shows more than own acts."""
    first, second = in_year("sato"), in_year("suzuki")
    first.open("/people/asahi/key")
    text = first.send("/people/asahi/key", key="once")
    secret = re.findall(r'class="secret">([^<]+)<', text)[0]
    path = f"{YEAR}/proposals/give_key/{_proposal(text)}"
    second.open(path)
    second.send(path, passphrase=SAMPLE_PASSPHRASE)
    asahi = in_year("asahi")
    asahi.log_in("asahi", secret)
    asahi.open("/passphrase")
    own = "printer desk of asahi"
    asahi.send("/passphrase", old=secret, new=own, again=own)
    text = asahi.open("/")
    assert "宛名印字見本提出" in text
    assert "追加抽出" not in text
    calendar = asahi.open(f"{YEAR}/calendar")
    assert "宛名印字見本提出" in calendar
    assert "校了" not in calendar
    for page in (
        YEAR,
        f"{YEAR}/stages/printing",
        f"{YEAR}/incidents",
        f"{YEAR}/commitments",
        "/people",
        "/people/sato",
    ):
        asahi.open(page, 404)


def test_while_the_office_is_set_up_one_person_fills_the_register(tmp_path: Path) -> None:
    """Before a year is open an entry stands at once, and a slip opens at once; the first page says no year is open."""
    office = preparation.install(tmp_path / "home", tmp_path / "inbox")
    first = next(person for person in preparation.sample_people(2026) if person.id == "sato")
    preparation.register(office, first.model_copy(update={"valid_to": date(2099, 3, 31), "substitute": ""}))
    identity.give_key(office, "sato", by="sato", passphrase=SAMPLE_PASSPHRASE, cost=FICTIONAL)
    with served(office) as address, Browser(address) as browser:
        browser.log_in("sato")
        assert "開かれている年度がありません" in browser.open("/")
        browser.open("/new-person")
        assert "森 花子" in browser.send("/new-person", **NEW)
        browser.open("/people/mori/key")
        assert "別の人が確認するまで" not in browser.send("/people/mori/key", key="once")
        assert identity.is_for_one_use(office, "mori")
    office.engine.dispose()


def test_a_year_that_is_none_is_refused(in_year: In) -> None:
    """A year far away, or no year, is refused in words, and nothing breaks."""
    browser = in_year("sato")
    for year in ("9999", "0000", "x", ""):
        browser.open("/people")
        browser.send("/confirm-people", 422, person=["okada"], year=year)


def test_last_years_list_comes_in_from_excel(in_year: In, played: Office) -> None:
    """A list of last year is taken in whole, to be confirmed by another; a wrong one is refused by its cell."""
    browser = in_year("sato")
    head = ["ID", "氏名", "所属", "役割"]
    browser.open("/import-people")
    text = browser.send(
        "/import-people", 422, files=_book([head, ["mori", "森 花子", "総務課", "魔法使い"]]), year="2027"
    )
    assert "D2" in text
    browser.open("/import-people")
    browser.send("/import-people", files=_book([head, ["mori", "森 花子", "総務課", "担当者"]]), year="2027")
    assert events(played)[-1] == "people_registered_proposed"


def test_who_goes_on_is_confirmed_for_the_next_year(in_year: In, played: Office) -> None:
    """Whoever is ticked is proposed with an entry that reaches to the end of the year named."""
    browser = in_year("sato")
    browser.open("/people")
    browser.send("/confirm-people", person=["okada", "kansa"], year="2027")
    [entry] = entries(played, "people_changed_proposed")
    assert [it["valid_to"] for it in entry["data"]["record"]["people"]] == ["2028-03-31", "2028-03-31"]


def _book(rows: list[list[str]]) -> dict[str, tuple[str, bytes]]:
    into = BytesIO()
    with xlsxwriter.Workbook(into) as book:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return {"book": ("people.xlsx", into.getvalue())}
