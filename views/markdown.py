"""Words on a page of markdown: text is text, whatever somebody typed; only what is made here is markup."""

import re
from collections.abc import Sequence

from models.plain import visible

# What could begin something: after a backslash it only looks like itself (CommonMark, 2.4). A bare address the newer
# dashboard makes a link of all the same: one that says where it leads.
_MARKS = re.compile(r"[\\`*_\[\]<>&~|#@]|:(?=//)|(?<=www)\.|^[-+=]|(?<=^\d)[.)]", re.IGNORECASE)


class Markdown(str):
    """What is markdown already, and stands on the page as it is."""

    __slots__ = ()


def text(words: str) -> Markdown:
    """Return words for a page of markdown: no link, picture, heading or tag comes of them, and no second line."""
    if isinstance(words, Markdown):
        return words
    return Markdown(_MARKS.sub(r"\\\g<0>", visible(words).strip()))


def bold(words: str) -> Markdown:
    """Return words that stand out."""
    return Markdown(f"**{text(words)}**")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markdown:
    """Return a table of words."""
    lines = [[text(cell) for cell in head], ["---"] * len(head), *([text(cell) for cell in row] for row in rows)]
    return Markdown("\n".join("| " + " | ".join(line) + " |" for line in lines))
