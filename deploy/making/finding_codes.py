"""Writes docs/finding-codes.md from the codes of the judge; with `--check` it says whether the page is stale."""

import sys
from collections.abc import Iterator

from deploy.making.files import HOUSE, made
from models.extract import CODES, Meaning
from models.words import translate

PAGE = HOUSE / "docs" / "finding-codes.md"
_WEIGHTS = {
    "refused": ("拒否", "refused: nothing is taken"),
    "held": ("要確認", "held: waits for a named person"),
    "excluded": ("除外", "excluded: counted, not exported"),
    "warning": ("警告", "warning: exported all the same"),
}
HEAD = """\
# 抽出点検のコード / Codes of the extract's findings

この頁は `models/extract.py` から `make docs` で作る。手で直さない。 / This page is generated from `models/extract.py`
by `make docs`. Do not edit it.

`tsudoi extract check FILE --year YEAR --json` が返すコード。✎ は指名された者が「そのまま」と決定できるもの。 / What
`tsudoi extract check FILE --year YEAR --json` reports. ✎ marks what a named person may accept as it is.
"""


def page() -> str:
    """Return the whole page, one table for each weight."""
    return "\n".join([HEAD, *(line for weight in _WEIGHTS for line in _part(weight))])


def main(arguments: list[str]) -> str | None:
    """Write the page, or with --check return what is amiss: the exit status is then 1."""
    return made(PAGE, page().encode(), arguments)


def _part(weight: str) -> Iterator[str]:
    ja, en = _WEIGHTS[weight]
    yield from (f"## {ja} / {en}", "", "| code | 日本語 | English | |", "| --- | --- | --- | --- |")
    yield from (_line(code, rule) for code, rule in CODES.items() if rule.weight == weight)
    yield ""


def _line(code: str, rule: Meaning) -> str:
    return f"| `{code}` | {translate(rule.sentence, 'ja')} | {rule.sentence} | {'✎' if rule.acceptable else ''} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
