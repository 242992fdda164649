"""A programme is one file; what is wrong in it is named by its key."""

from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from models.errors import BadSetting
from models.programme import Programme, text_of

FIRST = (files("deploy") / "programmes" / "hatachi.toml").read_text(encoding="utf-8")


def parse(text: str) -> Programme:
    return Programme.parse(text, name="hatachi.toml")


def changed(old: str, new: str) -> str:
    assert FIRST.count(old) == 1
    return FIRST.replace(old, new)


def test_the_first_programme_is_whole() -> None:
    """Birth window, ladder, what may leave and on how distant occasions are those of the source."""
    programme = parse(FIRST)
    assert programme.key == "hatachi"
    assert programme.extract.window(2026) == (date(2006, 4, 2), date(2007, 4, 1))
    assert programme.reminders.ladder == (-3, 0, 1, 2, 3)
    assert programme.consignment.items == ("氏名", "郵便番号", "住所")
    assert programme.consignment.separation_hours == 12


def test_the_birth_window_is_one_school_year() -> None:
    """Every day of birth belongs to the window of exactly one fiscal year, leap days included."""
    extract = parse(FIRST).extract
    for year in range(2020, 2040):
        first, last = extract.window(year)
        assert (extract.window(year + 1)[0] - last).days == 1
        assert (last - first).days in {364, 365}


def test_a_programme_is_known_by_the_hash_of_its_words() -> None:
    """One changed character is another programme."""
    assert parse(FIRST).sha256 == parse(FIRST).sha256
    assert parse(FIRST).sha256 != parse(FIRST + "\n# x").sha256
    assert len(parse(FIRST).sha256) == 64


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (changed('key = "hatachi"', ""), "key"),
        (changed('key = "hatachi"', 'key = "はたち"'), "key"),
        (changed('key = "hatachi"', 'key = "hatachi"\nsurprise = 1'), "surprise"),
        (changed("[commitments.ceremony]", "[commitments.Ceremony]"), "commitments.Ceremony"),
        (changed('day = "S"\n', "days = 14\n"), "commitments.ceremony.day"),
        (FIRST.replace('bounds = ["post"]', "bounds = []"), "commitments.useful_posting.bounds"),
        (changed("separation_hours = 12", "separation_hours = 0"), "consignment.separation_hours"),
        (changed('package_form = "7z"', 'package_form = "rar"'), "consignment.package_form"),
        (changed("expect = [3600, 4800]", "expect = [4800, 3600]"), "extract.expect"),
        (changed("expect = [3600, 4800]", "expect = [0, 10]"), "extract.expect"),
        (changed('born_from = "fy-20:04-02"', 'born_from = "2006-04-02"'), "extract.born_from"),
        (changed('born_to = "fy-19:04-01"', 'born_to = "fy-19:13-01"'), "extract.born_to"),
        (changed("years = 5", "years = 0"), "retention.years"),
        (changed("hour = 9", "hour = 24"), "reminders.hour"),
        (changed("encryption_may_exempt = true", 'encryption_may_exempt = "maybe"'), "statute.encryption_may_exempt"),
        (changed("reprint_ceiling_percent = 5", "reprint_ceiling_percent = 101"), "printing.reprint_ceiling_percent"),
        (changed("reprint_ceiling_sheets = 10", "reprint_ceiling_sheets = -1"), "printing.reprint_ceiling_sheets"),
        (changed('others = ["封筒コード"]', 'others = ["封筒コード"]\nat_output = "案内状コード"'), "enclosing.log"),
        (changed("ladder = [-3, 0, 1, 2, 3]", 'ladder = ["soon"]'), "reminders.ladder"),
    ],
    ids=lambda value: value if len(value) < 40 else "",
)
def test_a_wrong_key_is_named(text: str, key: str) -> None:
    """A missing, unknown or wrong key is an error that names the key and the file."""
    with pytest.raises(BadSetting) as wrong:
        parse(text)
    assert key in wrong.value.message
    assert "hatachi.toml" in wrong.value.message


def test_the_ceiling_of_spoiled_sheets_is_a_share_but_never_below_some_sheets() -> None:
    """Five per cent of 3,866 letters are 193 sheets, of 60 letters ten; a programme without a share has no ceiling."""
    printing = parse(FIRST).printing
    assert (printing.ceiling(3866), printing.ceiling(200), printing.ceiling(60)) == (193, 10, 10)
    without = parse(FIRST.replace("reprint_ceiling_percent = 5", ""))
    assert without.printing.ceiling(3866) is None


def test_only_name_postal_code_and_address_may_leave() -> None:
    """A programme that lets more leave is refused, and the item is named."""
    with pytest.raises(BadSetting, match="生年月日"):
        parse(changed('items = ["氏名", "郵便番号", "住所"]', 'items = ["氏名", "生年月日"]'))


def test_what_is_not_toml_is_refused() -> None:
    """A broken file is an error of the setting, not of the program."""
    with pytest.raises(BadSetting, match="TOML"):
        parse("key = ")


def test_a_file_is_read_or_named(tmp_path: Path) -> None:
    """A file is read as UTF-8; a missing one and one in another encoding are named."""
    path = tmp_path / "other.toml"
    path.write_text(FIRST, encoding="utf-8")
    assert text_of(path) == FIRST
    path.write_bytes(FIRST.encode("cp932", "replace"))
    for broken in (path, tmp_path / "missing.toml"):
        with pytest.raises(BadSetting, match=broken.name):
            text_of(broken)


def test_what_could_not_be_verified_is_a_setting_with_todays_reading() -> None:
    """A programme that says nothing of it asks for both reports and leaves an exemption to people."""
    said = parse(FIRST).statute
    begin, end = FIRST.index("[statute]"), FIRST.index("[retention]")
    assert parse(FIRST[:begin] + FIRST[end:]).statute == said
    assert (said.full_report_serves_as_both, said.encryption_may_exempt) == (False, True)
