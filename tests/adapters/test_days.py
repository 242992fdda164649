"""Days as registers write them: what is read, what is ambiguous, and what never was."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.days import read_day

BORN = date(2006, 4, 2)
READ = {
    "2006-04-02": BORN, "2006/4/2": BORN, "2006.4.2": BORN, "2006年4月2日": BORN, "20060402": BORN,
    "２００６年４月２日": BORN, "２００６－０４－０２": BORN,
    " 2006-04-02 ": BORN, "平成18年4月2日": BORN, "平成１８年　４月　２日": BORN,
    "H18.4.2": BORN, "H18-04-02": BORN, "h18/4/2": BORN, "H180402": BORN, "平18.4.2": BORN, "㍻18年4月2日": BORN,
    "平成元年1月8日": date(1989, 1, 8), "昭和64年1月7日": date(1989, 1, 7), "S640107": date(1989, 1, 7),
    "平成31年4月30日": date(2019, 4, 30), "令和元年5月1日": date(2019, 5, 1), "R1.5.1": date(2019, 5, 1),
    "令8.11.1": date(2026, 11, 1), "明治45年7月30日": date(1912, 7, 30), "大正元年7月30日": date(1912, 7, 30),
    "大正15年12月25日": date(1926, 12, 25), "昭和元年12月25日": date(1926, 12, 25), "T1.8.1": date(1912, 8, 1),
    "2004-02-29": date(2004, 2, 29), "平成16年2月29日": date(2004, 2, 29),
}  # fmt: skip
TROUBLED = {
    "ambiguous_date": (
        *("18.4.2", "06/04/02", "04/02/2006", "02-04-2006", "4180402", "180402", "060402", "18年4月2日"),
        *("4-18-04-02", "38809"),
    ),
    "impossible_date": (
        *("2006-02-30", "2007-02-29", "20070229", "2006-13-01", "2006-00-10", "平成18年2月29日", "H18.13.1"),
        *("平成元年1月7日", "昭和64年1月8日", "平成31年5月1日", "令和元年4月30日", "H0.4.2", "H00.4.2"),
    ),
    "birth_format": (
        *("", "不明", "2006-04", "2006-04/02", "2006-04-02 00:00:00", "2006", "2006年", "平成18年", "X18.4.2"),
        *("二〇〇六年四月二日", "2006-4-2-1", "200604021"),
    ),
}


@pytest.mark.parametrize(("text", "day"), READ.items())
def test_a_day_is_read_in_every_writing(text: str, day: date) -> None:
    """Western or in an era, with signs, kanji or nothing, in any width: it is that day."""
    assert read_day(text) == (day, "")


@pytest.mark.parametrize(("text", "trouble"), [(text, code) for code, texts in TROUBLED.items() for text in texts])
def test_what_is_no_day_or_several_is_told(text: str, trouble: str) -> None:
    """Nothing is guessed: a text of several days, of none, and of no known form are three different things."""
    assert read_day(text) == (None, trouble)


@given(st.dates(date(1989, 1, 8), date(2019, 4, 30)))
def test_an_era_counts_its_years_from_its_first(day: date) -> None:
    """The same day in its era and in western years is one day, and the day before the era is none."""
    year = day.year - 1988
    assert read_day(f"平成{year}年{day.month}月{day.day}日").day == read_day(f"{day:%Y%m%d}").day == day
    assert read_day(f"平成{'元' if year == 1 else year}年{day.month}月{day.day}日").day == day
    assert read_day(f"令和{year}年{day.month}月{day.day}日").day != day


@given(st.text(max_size=12) | st.from_regex(r"[0-9元平HR./年月日-]{1,12}", fullmatch=True))
def test_any_text_is_read_or_told(text: str) -> None:
    """Whatever stands there, there is a day or a reason, never both."""
    read = read_day(text)
    assert (read.day is None) == bool(read.trouble)
