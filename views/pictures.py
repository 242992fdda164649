"""The pictures of the board as SVG: the states of the year, and planned against actual dates in 和暦 and ISO."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from html import escape

from models.clock import wareki
from models.words import _, in_words
from states.rows import STATES
from views.deadlines import Dated

_FONT = "'Noto Sans CJK JP','Noto Sans JP','Yu Gothic','Hiragino Sans',sans-serif"
_INK, _PALE, _LINE = "#1f2933", "#6b7785", "#d5dbe1"
_DONE, _LATE, _OPEN, _NOW = "#1b7f4d", "#c62828", "#1565c0", "#ef6c00"
_WIDTH, _LEFT, _RIGHT, _ROW, _HEAD = 1000, 270, 190, 20, 62
_STEP, _STEP_HEIGHT, _MONTH_NEEDS = 80, 58, 70
_PATH = tuple(state for state in STATES if state.key != "cancelled")


def image(svg: str, words: str) -> str:
    """Return a picture as markdown: an image in a data URI with its words for who cannot see it."""
    return f"![{words}](data:image/svg+xml;base64,{b64encode(svg.encode()).decode()})"


def progress(state: str) -> str:
    """Draw the states of the year in a row: what lies behind, where it stands, what comes."""
    keys = [station.key for station in _PATH]
    here = keys.index(state) if state in keys else -1
    parts = [_station(number, in_words(ja=station.ja, en=station.en), here) for number, station in enumerate(_PATH)]
    return _svg(_STEP * len(_PATH), _STEP_HEIGHT, parts)


def _station(number: int, title: str, here: int) -> str:
    x, ink = number * _STEP + _STEP // 2, _NOW if number == here else _DONE if number < here else _PALE
    line = "" if number == 0 else _stroke(x - _STEP + 11, 18, x - 11, 18, _DONE if number <= here else _LINE, 3)
    filled = ink if number <= here else "#ffffff"
    radius, weight = (11, "bold") if number == here else (8, "normal")
    mark = f'<circle cx="{x}" cy="18" r="{radius}" fill="{filled}" stroke="{ink}" stroke-width="2"/>'
    return line + mark + _text(x, 48, title, ink, 11, anchor="middle", weight=weight)


def timeline(acts: Sequence[Dated], today: date) -> str:
    """Draw every dated act: hollow where it was planned, full where it was done, red while it is late.

    Today is no line: every new day would be another picture.
    """
    days = [day for act in acts for day in (act.planned_on, act.due_on, act.done_on) if day] or [today]
    first = min(days).replace(day=1)
    last = max(days) + timedelta(days=6)
    scale = (_WIDTH - _LEFT - _RIGHT) / max(1, (last - first).days)

    def x(day: date) -> float:
        return round(_LEFT + scale * (min(max(day, first), last) - first).days, 1)

    height = _HEAD + _ROW * len(acts) + 12
    parts = [*_months(first, last, x, height), *_legend()]
    for number, act in enumerate(acts):
        parts += _act(act, _HEAD + _ROW * number + _ROW // 2, today, x)
    return _svg(_WIDTH, height, parts)


def _months(first: date, last: date, x: Callable[[date], float], height: int) -> Iterator[str]:
    """Rule the months off and name each, 和暦 above ISO."""
    month = first
    while month <= last:
        following = (month + timedelta(days=32)).replace(day=1)
        yield _stroke(x(month), 8, x(month), height - 8, _LINE, 1)
        if x(min(following, last)) - x(month) > _MONTH_NEEDS:
            yield _text(x(month) + 4, 18, f"{wareki(month).partition('月')[0]}月", _INK, 10)
            yield _text(x(month) + 4, 31, f"{month:%Y-%m}", _PALE, 10)
        month = following


def _legend() -> Iterator[str]:
    marks = ((_hollow, _PALE, _("planned")), (_full, _DONE, _("done")), (_full, _LATE, _("done late, overdue")),
             (_hollow, _OPEN, _("due")))  # fmt: skip
    for number, (mark, ink, words) in enumerate(marks):
        yield mark(14, 12 + 13 * number, ink)
        yield _text(24, 16 + 13 * number, words, _PALE, 10)


def _act(act: Dated, y: int, today: date, x: Callable[[date], float]) -> Iterator[str]:
    """Draw one act on its line: its name, the way from plan to fact, and its date in words."""
    late = (act.done_on or today) > act.due_on and not act.dropped
    ink = _LATE if late else _DONE if act.done_on else _OPEN
    until = act.done_on or act.due_on
    yield _text(_LEFT - 10, y + 4, act.title, _PALE if act.dropped else _INK, 11, anchor="end")
    yield _stroke(_LEFT, y + 9, _WIDTH - 8, y + 9, "#eef1f4", 1)
    yield _stroke(x(act.planned_on), y, x(until), y, ink if late or act.done_on else _LINE, 2)
    yield _hollow(x(act.planned_on), y, _PALE)
    if act.done_on and not act.dropped:
        yield _full(x(act.done_on), y, ink)
    elif not act.dropped:
        yield _hollow(x(act.due_on), y, ink)
    yield _text(_WIDTH - _RIGHT + 12, y + 4, _in_words(act, late=late), ink if not act.dropped else _PALE, 10)


def _in_words(act: Dated, *, late: bool) -> str:
    if act.dropped:
        return _("not needed any more")
    day = act.done_on or act.due_on
    said = _("done") if act.done_on else _("overdue") if late else _("due")
    return f"{day} {wareki(day).partition('年')[2]} {said}"


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="{_FONT}"><rect width="100%" height="100%" fill="#ffffff"/>{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, text: str, ink: str, size: int, *, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" fill="{ink}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(text)}</text>"
    )


def _stroke(x1: float, y1: float, x2: float, y2: float, ink: str, width: float) -> str:  # noqa: PLR0917 - as SVG has it
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{ink}" stroke-width="{width}"/>'


def _hollow(x: float, y: float, ink: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="4" fill="#ffffff" stroke="{ink}" stroke-width="1.6"/>'


def _full(x: float, y: float, ink: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="4.5" fill="{ink}"/>'
