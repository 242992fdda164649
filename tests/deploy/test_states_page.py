"""docs/states.md says what the table says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.making import states_page
from models.words import translate
from states.rows import STATES
from states.table import TABLE

PROJECT = Path(__file__).parents[2]


def test_the_page_names_every_state_act_guard_and_title() -> None:
    """Nothing of the table is missing from the page, in either language."""
    page = states_page.page()
    guards = [guard for row in TABLE for guard in row.claims]
    for said in (
        *(word for state in STATES for word in (state.key, state.ja, state.en)),
        *(word for row in TABLE for word in (row.trigger, row.ja, row.en, row.source, row.record.__name__)),
        *(word for guard in guards for word in (guard.name, guard.claim, translate(guard.claim, "ja"))),
    ):
        assert said in page


def test_the_diagram_draws_every_pair_that_moves_the_state() -> None:
    """The Mermaid diagram holds one arrow for each from-to pair of the table."""
    lines = states_page.page().splitlines()
    for row in TABLE:
        for start in row.froms if row.to else ():
            assert f"    {start} --> {row.to}: {row.ja}<br>{row.trigger}" in lines


def test_the_page_does_not_depend_on_the_readers_language() -> None:
    """Two processes with other languages and hash seeds write the same page."""
    pages = {
        subprocess.run(
            [sys.executable, "-c", "from deploy.making import states_page; print(states_page.page())"],
            env={**os.environ, "TSUDOI_LANG": lang, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
            cwd=PROJECT,
            capture_output=True,
            check=True,
        ).stdout
        for lang, seed in (("ja", "1"), ("en", "2"))
    }
    assert len(pages) == 1


def test_a_stale_page_fails_the_check_with_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing or changed page exits with one line that says so; writing it makes the check pass in silence."""
    monkeypatch.setattr(states_page, "PAGE", tmp_path / "states.md")
    stale = "states.md is stale. Run: make docs"
    assert states_page.main(["--check"]) == stale
    assert states_page.main([]) is None
    assert states_page.main(["--check"]) is None
    states_page.PAGE.write_text(states_page.PAGE.read_text(encoding="utf-8") + "x", encoding="utf-8")
    assert states_page.main(["--check"]) == stale
