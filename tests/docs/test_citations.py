"""What the rules cite stands in the repository: laws, facts of the domain, measures, decisions, pages, words."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from adapters.programmes import measures_of
from models.documents import DOCUMENTS
from states.table import TABLE

PROJECT = Path(__file__).parents[2]
OURS = {path.name for path in PROJECT.iterdir() if not path.name.startswith(".")} - {"var", "build"}
TEXTS = {
    ".css",
    ".html",
    ".js",
    ".mako",
    ".md",
    ".po",
    ".py",
    ".service",
    ".sh",
    ".timer",
    ".toml",
    ".typ",
    ".yaml",
    "",
}
ELSEWHERE = {"age.md"}  # a specification of C2SP, cited by its own name
NO_MEASURES = {"W-OP-00", "W-OP-99"}  # what tests type to be refused

_NUMBERS = r"(\d+(?:(?:, | and | to |・)\d+)*)"
_PAGE = re.compile(r"[\w/.-]*\w\.md\b")
_MEASURE = re.compile(r"\b[WC]-(?:OP|SY)-\d\d\b")
_NUMBERED = {
    "laws.md": re.compile(rf"\b[Ll]aws? {_NUMBERS}"),
    "domain.md": re.compile(rf"\bdomain\.md {_NUMBERS}"),
}
_DECISION = re.compile(r"\bdecisions?[ /](\d{4})\b")


def text_of(page: str) -> str:
    return (PROJECT / page).read_text(encoding="utf-8")


@cache
def sections(page: str) -> frozenset[str]:
    """Return the numbers of a page's headings."""
    return frozenset(re.findall(r"^## (\d+)\. ", text_of(f"docs/{page}"), re.MULTILINE))


@cache
def words() -> frozenset[str]:
    """Return what has a line in a table of the glossary or of the domain: each term of its first column."""
    lines = [line for page in ("glossary.md", "domain.md") for line in text_of(f"docs/{page}").splitlines()]
    firsts = [line.split("|")[1].strip() for line in lines if line.startswith("| ")]
    return frozenset(term for first in firsts for term in (first, *first.split(" / ")))


@cache
def measures() -> frozenset[str]:
    return frozenset(measure.id for measure in measures_of("hatachi/measures.yaml"))


@cache
def pages() -> frozenset[str]:
    """Return the names of the pages that stand in the tree."""
    return frozenset(path.name for name in OURS for path in _files(PROJECT / name) if path.suffix == ".md")


def _files(start: Path) -> Iterator[Path]:
    yield from [start] if start.is_file() else (path for path in sorted(start.rglob("*")) if path.is_file())


def texts() -> Iterator[Path]:
    """Give every file of the tree that holds words."""
    for name in sorted(OURS):
        yield from (path for path in _files(PROJECT / name) if path.suffix in TEXTS)


def astray(said: str) -> Iterator[str]:
    """Give what a text cites and the repository does not have."""
    for page, cited in _NUMBERED.items():
        for found in cited.finditer(said):
            yield from (found[0] for number in re.findall(r"\d+", found[1]) if number not in sections(page))
    yield from (name for name in _PAGE.findall(said) if name.rpartition("/")[2] not in pages() | ELSEWHERE)
    yield from (name for name in _MEASURE.findall(said) if name not in measures() | NO_MEASURES)
    for number in _DECISION.findall(said):
        if not list((PROJECT / "docs" / "decisions").glob(f"{number}-*.md")):
            yield f"decision {number}"


def leads_nowhere(clause: str) -> bool:
    """Tell whether a clause is neither a citation that can be followed nor a word that has a line of its own."""
    cites = [*_NUMBERED.values(), _MEASURE]
    if any(cited.fullmatch(clause) for cited in cites):
        return bool(list(astray(clause)))
    return clause not in words()


@pytest.mark.parametrize("trigger", [row.trigger for row in TABLE])
def test_every_source_of_the_table_can_be_followed(trigger: str) -> None:
    """Each clause of an act's source is a law, a section, a measure, or a word that has its line."""
    source = next(row.source for row in TABLE if row.trigger == trigger)
    assert source
    assert [clause for clause in source.split(", ") if leads_nowhere(clause)] == []


def test_what_guards_prove_are_measures() -> None:
    """A guard names measures that there are."""
    guards = [guard for row in TABLE for guard in row.claims]
    assert {measure for guard in guards for measure in guard.proves} - measures() == set()


def test_every_citation_in_the_tree_leads_somewhere() -> None:
    """No law, section, page, measure or decision that any file names is missing from the repository."""
    looked = list(texts())
    assert {"table.py", "laws.md", "README.ja.md", "Makefile"} <= {path.name for path in looked}
    found = {str(path.relative_to(PROJECT)): list(astray(path.read_text(encoding="utf-8"))) for path in looked}
    assert {name: names for name, names in found.items() if names} == {}


def test_a_citation_that_leads_nowhere_would_be_seen() -> None:
    """The check above knows wrong numbers, pages, measures, decisions and words from right ones."""
    for wrong in ("Law {}", "Laws 4 and {}", "domain.md {}", "tried{}.md", "W-OP-{}", "decision 00{}"):
        assert list(astray(wrong.format(77)))
        assert leads_nowhere(wrong.format(77))
    for right in ("Law 7", "domain.md 2", "W-OP-02"):
        assert not leads_nowhere(right)
    assert not list(astray("Laws 4, 6 and 7; docs/states.md; decision 0023"))
    assert not leads_nowhere("支援措置")
    assert leads_nowhere("支援")


def test_the_laws_are_eleven_in_their_order() -> None:
    """docs/laws.md numbers them from 1 to 11; no number is taken twice."""
    numbers = re.findall(r"^## (\d+)\. ", text_of("docs/laws.md"), re.MULTILINE)
    assert numbers == [str(number) for number in range(1, 12)]


def test_the_documents_are_those_of_the_code() -> None:
    """The table of docs/domain.md names each document of the year by its number and its name."""
    page = text_of("docs/domain.md")
    assert [document.number for document in DOCUMENTS if f"| {document.number} | {document.ja} |" not in page] == []
