"""Writes docs/states.md from the table, in Japanese and English side by side.

`python -m deploy.making.states_page` writes it; with `--check` it says whether the page is stale.
"""

import sys
from collections.abc import Iterable, Sequence

from deploy.making.files import HOUSE, made, table
from models.people import Role
from models.words import translate
from states.facts import Guard
from states.machines import Machine
from states.rows import FINAL, INITIAL, STATES, Row
from states.table import TABLE, all_machines

PAGE = HOUSE / "docs" / "states.md"
HEAD = """\
# 状態と行為 / States and acts

この頁は `states/table.py` から `make docs` で作る。手で直さない。 / This page is generated from `states/table.py` by
`make docs`. Do not edit it.

記号 / Signs: `bd` 開庁日 open days, `d` 暦日 calendar days; C 契約 contract, R 基準日 cut-off date, D 差出 posting,
S 成人の日 Coming of Age Day.

- ⟳ 繰り返せる / may be repeated
- ⏸ 一時停止中もできる / also under hold
- ⚙ 数字は機械が出す / the machine brings the figures
- ✍ 管理簿のチェックポイントを作る / makes a checkpoint of the ledger
- ◎ システムの名でも行われる / done in the system's own name too
- 決 決裁を受ける（起案文書番号、または決裁権者の確認） / needs an approval: its number, or the approver confirms
  ([0028](decisions/0028-who-decides.md))
- 復 行える人が二人に満たない間は、登録が一年以内に切れた人も行える / while fewer than two may, also by those whose
  entries ended within a year
- ✎ 記録の内容をみる条件 / a guard that looks at the record
- ＋ 同じ様式で先に記入できる手続 / acts that its form may carry before it
  ([0030](decisions/0030-one-form-several-acts.md))
- **{…}** 起きた事実は拒まず、逸脱として記録する / what has happened is not refused but recorded as a deviation
- *(…)* 満たさないときは警告する / a warning where it does not hold

根拠 / Sources: `Law` [laws.md](laws.md), `domain.md` [domain.md](domain.md), `W-OP-01` …
[measures.yaml](../deploy/programmes/hatachi/measures.yaml), 語 words and 条文 clauses [glossary.md](glossary.md),
[domain.md 5](domain.md#5-the-law-when-something-leaks).
"""


def page() -> str:
    """Return the whole page; it depends on the table and the catalogue alone."""
    return f"{HEAD}\n{_states()}\n{_acts()}\n{_guards()}\n{_smaller_machines()}"


def main(arguments: Sequence[str]) -> str | None:
    """Write the page, or with --check return what is amiss: the exit status is then 1."""
    return made(PAGE, page().encode(), arguments)


def _states() -> str:
    parts = {INITIAL: "始まり / beginning", **dict.fromkeys(FINAL, "終わり / end")}
    rows = [(f"`{state.key}`", state.ja, state.en, parts.get(state.key, "")) for state in STATES]
    # Cancelling is drawn too; acts that leave the state as it is stand in the table of acts only.
    moving = [f"    {start} --> {row.to}: {row.ja}<br>{row.trigger}" for row in TABLE if row.to for start in row.froms]
    titles = [f'    state "{state.ja}<br>{state.key}" as {state.key}' for state in STATES]
    ends = [f"    {key} --> [*]" for key in FINAL]
    diagram = ["```mermaid", "stateDiagram-v2", *titles, f"    [*] --> {INITIAL}", *moving, *ends, "```"]
    return "\n".join(["## 状態 / States", "", *table(("state", "日本語", "English", ""), rows), "", *diagram, ""])


def _acts() -> str:
    head = (
        "act", "日本語", "English", "from → to", "だれが who", "確認 second", "負う側 owner", "record", "期限 due",
        "guards", "根拠 source",
    )  # fmt: skip
    return "\n".join(["## 行為 / Acts", "", *table(head, map(_act, TABLE)), ""])


def _act(row: Row) -> tuple[str, ...]:
    signs = (
        (row.repeats, "⟳"),
        (row.under_hold, "⏸"),
        (row.by_machine, "⚙"),
        (row.handover, "✍"),
        (row.by_system, "◎"),
        (row.approval, "決"),
        (row.by_lapsed, "復"),
    )
    marks = "".join(mark for holds, mark in signs if holds)
    after = f"<br>after {', '.join(row.after)}" if row.after else ""
    carries = f"<br>＋ {', '.join(f'`{act}`' for act in row.carries)}" if row.carries else ""
    floor = f"<br>≥ {row.not_before}" if row.not_before else ""
    deviations = f" **{{{_names(row.deviations)}}}**" if row.deviations else ""
    warnings = f" *({_names(row.warnings)})*" if row.warnings else ""
    return (
        f"`{row.trigger}` {marks}".rstrip(),
        row.ja,
        row.en,
        f"{_froms(row)} → {row.to}" if row.to else _froms(row),
        _roles(row.who),
        _roles(row.second),
        f"{row.owner.ja}<br>{row.owner.en}",
        f"`{row.record.__name__}`{carries}",
        f"{row.due}{floor}{after}" if row.due else "",
        f"{_names(row.guards)}{deviations}{warnings}",
        row.source,
    )


def _froms(row: Row) -> str:
    every = [state.key for state in STATES if state.key not in FINAL]
    return "すべて any but closed" if list(row.froms) == every else ", ".join(row.froms)


def _roles(roles: Sequence[Role]) -> str:
    return f"{'・'.join(role.ja for role in roles)}<br>{', '.join(role.en for role in roles)}" if roles else ""


def _names(guards: Iterable[Guard]) -> str:
    return ", ".join(f"`{guard.name}`" for guard in guards)


def _guards() -> str:
    judged = [guard for row in TABLE for claim in row.claims for guard in (claim, *claim.shown)]
    known = {guard.name: guard for guard in judged if "/" not in guard.name}  # what another act shows stands there
    proves = {name: {measure for guard in judged if guard.name == name for measure in guard.proves} for name in known}
    rows = [
        (f"`{guard.name}`{' ✎' if guard.asks_record else ''}", translate(guard.claim, "ja"), guard.claim,
         guard.owes and f"`{guard.owes}`",
         ", ".join(sorted(proves[guard.name], key=lambda measure: (measure[2:], measure))), str(guard.paper or ""))
        for guard in sorted(known.values(), key=lambda guard: guard.name)
    ]  # fmt: skip
    head = ("guard", "日本語", "English", "行為 owed act", "対策 proves", "書類 No.")
    return "\n".join(["## 条件 / Guards", "", *table(head, rows), ""])


def _smaller_machines() -> str:
    parts = ["## 小さな機械 / Smaller machines", ""]
    for machine in all_machines():
        if machine.name != "cycle":
            parts += [f"### {machine.name}", "", *_diagram(machine), ""]
    return "\n".join(parts)


def _diagram(machine: Machine) -> list[str]:
    begins = [f"    [*] --> {state}" for state in machine.initial]
    pairs = [f"    {start} --> {to}: {trigger}" for start, trigger, to in machine.pairs]
    ends = [f"    {state} --> [*]" for state in machine.final]
    return ["```mermaid", "stateDiagram-v2", *begins, *pairs, *ends, "```"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
