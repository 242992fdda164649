"""One line of plain words: what is refused where it is typed, and what is shown where it stands all the same."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import BadInput
from models.plain import is_plain, mail_address, telephone, visible
from models.records.base import REDACTED, TYPED, FreeText
from models.records.oversight import DeadlineMoved
from models.records.people import PeopleEntered, PersonEntered
from steps.acting import record_of

STRANGE = (
    "a\nb", "a\rb", "a\x00b", "a\x1b[31mb", "a\x7fb", "a\x9b31mb", "a\u2028b", "a\u2029b", "a\u202eb", "a\u2066b",
    "a\u200bb", "a\ufeffb", "a\u00adb", "a\uffffb", "a\tb",
)  # fmt: skip
PLAIN = ("", "校正に時間を要したため", "髙橋　結菜", "葛\U000e0100", "\ue001", "W-OP-01 (2) <b>", "🎍")


@pytest.mark.parametrize("text", STRANGE)
def test_what_is_not_plain_is_refused_by_its_field_and_never_repeated(text: str) -> None:
    """A line break, a control character or one that cannot be seen is refused: the field is named, the text is not."""
    assert not is_plain(text)
    with pytest.raises(BadInput) as refused:
        record_of(DeadlineMoved, {"act": "close", "to": "2027-02-01", "reason": text})
    assert "reason (" in str(refused.value)
    assert text not in str(refused.value)
    assert "\n" not in refused.value.message


@pytest.mark.parametrize("text", PLAIN)
def test_words_as_an_office_writes_them_are_plain(text: str) -> None:
    """Kanji, their variants, characters of one's own, signs and pictures are words."""
    assert is_plain(text)
    assert visible(text) == text


def test_what_an_older_installation_holds_is_still_read() -> None:
    """A record that was written before lines were judged is read as it stands: history is not lost."""
    stored = '{"act": "close", "to": "2027-02-01", "reason": "a\\nb"}'
    assert DeadlineMoved.model_validate_json(stored).reason == "a\nb"


@given(st.text())
def test_what_is_shown_is_always_plain(text: str) -> None:
    """Whatever a text holds, what is shown of it is one line of plain words, and says which characters it hides."""
    shown = visible(text)
    assert is_plain(shown)
    assert all(f"<U+{ord(it):04X}>" in shown for it in text if unicodedata.category(it) in {"Cc", "Cf"})


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("sato@ward.example", "sato@ward.example"), ("suzuki＠ward.example", "suzuki@ward.example"),
        ("ｓａｔｏ＠ｗａｒｄ．ｅｘａｍｐｌｅ", "sato@ward.example"), ("sato@ward。example", "sato@ward.example"),
        (" sato@ward.example　", "sato@ward.example"), ("", ""), ("tsudoi@localhost", "tsudoi@localhost"),
    ],
)  # fmt: skip
def test_an_address_typed_full_width_is_mended(typed: str, kept: str) -> None:
    """What an input method made full-width becomes what a mail server takes."""
    assert mail_address(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "佐藤@ward.example", "sato@役所.example", "sato", "sato@", "@ward.example", "sato@@ward.example",
        "a b@ward.example", "<sato@ward.example>",
        "sato@ward.example\r\nBcc: x@y.example", "sato@ward .example", "sato@ward.example,x@y.example",
        "sato..s@ward.example", ".sato@ward.example", "sato@-ward.example", "sato@ward..example", "sato@ward.example\n",
        f"{'a' * 65}@ward.example", f"sato@{'a.' * 130}example", "sato@[127.0.0.1]", '"sato s"@ward.example', "\x00@a",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_being_repeated(typed: str) -> None:
    """An address that no mail server would take is refused in words that do not hold it."""
    with pytest.raises(BadInput) as refused:
        mail_address(typed)
    assert typed not in refused.value.message


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""), ("03-0000-0101", "03-0000-0101"), ("０３ー００００ー０１０１", "03-0000-0101"),
        ("０３（００００）０１０１", "03-0000-0101"), ("(03)0000-0101", "03-0000-0101"), ("0300000101", "0300000101"),
        ("090-0000-0101", "090-0000-0101"), ("+81-3-0000-0101", "+81-3-0000-0101"),
        ("03-0000-0101 内線2345", "03-0000-0101 内線2345"), ("03-0000-0101（内線2345）", "03-0000-0101 内線2345"),
    ],
)  # fmt: skip
def test_a_telephone_number_is_kept_in_half_width(typed: str, kept: str) -> None:
    """What an input method made of it is mended, once and for all; an extension stands behind it."""
    assert telephone(typed) == kept
    assert telephone(kept) == kept


@pytest.mark.parametrize(
    "typed",
    ["電話なし", "call me", "03-9999-010", "03-0000-010101", "3-9999-0101", "03-0000-0101x", "--",
     "03--0000-0101", "+0-3-0000-0101", "03-0000-0101 内線", "０３-abcd-0101"],
)  # fmt: skip
def test_what_is_no_telephone_number_is_refused_without_being_repeated(typed: str) -> None:
    """Letters, and digits that no telephone has, are refused in words that do not hold them; so in an act's field."""
    with pytest.raises(BadInput) as refused:
        telephone(typed)
    assert typed not in refused.value.message
    entry = {"person": "kato", "name": "加藤 花", "side": "ward", "roles": ["coordinator"], "phone": typed,
             "valid_from": "2026-04-01", "valid_to": "2027-03-31"}  # fmt: skip
    with pytest.raises(BadInput) as refused:
        record_of(PeopleEntered, {"people": [entry]})
    assert "03-0000-0101" in refused.value.message
    assert typed not in refused.value.message


def test_a_telephone_number_is_free_text_of_the_ledger() -> None:
    """It stands beside its entry as a name does and can be redacted; one that was redacted is read as it stands."""
    entry = {"person": "kato", "name": "加藤 花", "side": "ward", "roles": ["coordinator"], "phone": "03-0000-0101",
             "valid_from": "2026-04-01", "valid_to": "2027-03-31"}  # fmt: skip
    said = PersonEntered.model_validate_json(json.dumps(entry), context=TYPED).said()
    assert isinstance(said["phone"], FreeText)
    assert PersonEntered.model_validate({**entry, "phone": REDACTED}).phone == REDACTED
