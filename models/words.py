"""The one catalogue: every word a person reads, Japanese by default, English with TSUDOI_LANG=en.

Message ids are English sentences with named places, `_("Row {row} is held.").format(row=3)`. `N_` marks a message
that is translated later, where it is shown. The Japanese stands in locale/ja/LC_MESSAGES/tsudoi.po.
"""

import gettext
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache
from pathlib import Path

from models.clock import fiscal_year_title, wareki

DOMAIN = "tsudoi"
LOCALE = Path(__file__).parent / "locale"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SPOKEN: ContextVar[str] = ContextVar("spoken", default="")


def language() -> str:
    """Return "ja" or "en": what TSUDOI_LANG asks for, Japanese unless it says en."""
    return _SPOKEN.get() or ("en" if os.environ.get("TSUDOI_LANG", "ja").lower().startswith("en") else "ja")


@contextmanager
def speaking(lang: str) -> Generator[None]:
    """Let everything within be said in one language: the words on paper are Japanese, whoever has it printed."""
    before = _SPOKEN.set(lang)
    try:
        yield
    finally:
        _SPOKEN.reset(before)


@cache
def _catalogue(lang: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE, languages=[lang], fallback=True)


def _(message: str) -> str:
    """Return the message in the reader's language."""
    return _catalogue(language()).gettext(message) if message else ""


def translate(message: str, lang: str) -> str:
    """Return the message in a named language, "ja" or "en", for what shows both side by side."""
    return _catalogue(lang).gettext(message) if message else ""


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for a marked message
    """Mark a message for the catalogue and return it unchanged."""
    return message


def day_in_words(day: date) -> str:
    """Return a day as an office writes it, 令和8年11月9日（月）, or in English as 2026-11-09 (Mon)."""
    return wareki(day) if language() == "ja" else f"{day:%Y-%m-%d} ({_WEEKDAYS[day.weekday()]})"


def weekdays() -> tuple[str, ...]:
    """Return the short names of the days of a week, Monday first."""
    return tuple("月火水木金土日") if language() == "ja" else _WEEKDAYS


def in_words(*, ja: str, en: str) -> str:
    """Choose between two titles that a table carries in both languages."""
    return en if language() == "en" else ja


def year_in_words(year: int) -> str:
    """Return a fiscal year as an office writes it, 令和8年度, or in English as FY 2026."""
    return in_words(ja=fiscal_year_title(year), en=f"FY {year}")


def bracketed(words: str) -> str:
    """Return words in the brackets of the reader's language, to stand right behind others."""
    return in_words(ja=f"（{words}）", en=f" ({words})")


def listed(words: Iterable[str], between: str = "、") -> str:
    """Return words one after another as the reader's language lists them; `between` is what Japanese has there."""
    return in_words(ja=between, en=", ").join(words)
