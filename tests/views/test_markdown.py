"""Words on a page of markdown are words: whatever somebody typed, nothing comes of it."""

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from models.plain import visible
from views.markdown import table, text

HOSTILE = (
    "![x](http://beacon.example/a.png)", "<img src=http://beacon.example/b.png>", "[x](javascript:alert(1))",
    "a\n\n# 完結しました", "# 完結しました", "<script>alert(1)</script>", "https://evil.example/", "www.evil.example",
    "x@evil.example", "a | b", "`code`", "**stark**", "_x_", "~~x~~", "a\\|b", "- a", "1. a", "+ a", "===", "---",
    "&lt;img src=x&gt;", "<!-- ", "[x]: http://evil.example", "<http://evil.example>", "\\", "a\u202eb", "    code",
)  # fmt: skip
RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
PLACES = {"a line": "{}", "a list": "- {}", "a list within": "- a\n    - {}", "a heading": "## {}", "bold": "**{}**"}


def _made_of(page: str) -> list[str]:
    return [it.type for token in RENDERER.parse(page) for it in (token, *(token.children or ()))]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("place", PLACES)
def test_nothing_comes_of_what_was_typed(place: str, hostile: str) -> None:
    """No link, picture, heading, list or tag: a page is made of the same parts as with a harmless word there."""
    page = PLACES[place]
    assert _made_of(page.format(text(hostile))) == _made_of(page.format("word"))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_cell_stays_a_cell(hostile: str) -> None:
    """A table has as many cells as it was given, and they hold words."""
    assert _made_of(table(["a", "b"], [[hostile, "c"]])) == _made_of(table(["a", "b"], [["word", "c"]]))


@given(st.text(st.characters(exclude_categories=("Cs", "Zs", "Zl", "Zp", "Cc")), min_size=1))
def test_what_is_shown_is_what_was_typed(words: str) -> None:
    """A reader sees the words themselves, character by character."""
    [paragraph, inline, _end] = RENDERER.parse(f"a{text(words)}b")
    assert paragraph.type == "paragraph_open"
    assert unescape("".join(it.content for it in inline.children or ())) == f"a{visible(words)}b"
