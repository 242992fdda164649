"""WORK: which acts are the machine's, how it does each, in whose name, and what it waits for. One literal table.

The machine works in the name of the person who asks for it, or whose act asked for it (a row of the table says which
roles may); in its own name it does only what a row lets the system do. What no act asks for waits until a person does:
by the act, its form, or the command that the table names, which brings a file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class ByMachine:
    """How the machine does an act.

    `does` is the step, as module:function: what is slow to import is imported when it is done. `typed` are the fields
    that a person types for it. `served` tells that a task of the act's name, in the module of its stage's flow, does
    it. `asked_by` are the acts of which the latest asks for it, by itself, in the name of who
    did it; the other source is an extract in the inbox. `printed_by_contractor` tells what is done only for additional
    letters that he prints.
    """

    does: str
    typed: frozenset[str] = frozenset()
    served: bool = False
    asked_by: tuple[str, ...] = ()
    waits_for: Literal["", "inbox", "its day"] = ""
    printed_by_contractor: bool = False

    @property
    def is_driven(self) -> bool:
        """Tell what the machine does without being asked by a person each time."""
        return bool(self.asked_by) or self.waits_for == "inbox"

    @property
    def step(self) -> Callable[..., Any]:
        """Return the function: office, cycle, by, via, and what is typed; it returns what came of the act."""
        return resolve_name(self.does)


_RECHECK = ByMachine(does="steps.protection:recheck")

WORK: Mapping[str, ByMachine] = {
    # extraction
    "take_extract": ByMachine(
        does="steps.extraction:take_from_inbox", typed=frozenset({"expect"}), served=True, waits_for="inbox",
    ),
    "list_protected": ByMachine(does="steps.protection:list_protected"),
    "take_changes": ByMachine(does="steps.protection:take_changes"),
    "withdraw_list": ByMachine(does="steps.protection:withdraw", typed=frozenset({"list_sha256", "reason"})),
    "recheck_before_sealing": _RECHECK,
    # transfer
    "seal_package": ByMachine(
        does="steps.transfer:seal_package", served=True, asked_by=("recheck_before_sealing",),
    ),
    "read_back_package": ByMachine(does="steps.transfer:read_back_package", served=True),
    "reprint_notice": ByMachine(does="steps.transfer:reprint_notice", typed=frozenset({"reason"})),
    "take_additions": ByMachine(
        does="steps.extraction:take_additions_from_inbox", typed=frozenset({"none_came", "replace"}), served=True,
        waits_for="inbox",
    ),
    # printing, enclosing
    "compare_imprint": ByMachine(does="steps.printing:compare_imprint"),
    "recheck_before_enclosing": _RECHECK,
    "reconcile_enclosing": ByMachine(does="steps.enclosing:reconcile"),
    "recheck_before_final_list": _RECHECK,
    "hand_out_letters": ByMachine(does="steps.printing:hand_out_letters"),
    "seal_additions": ByMachine(
        does="steps.transfer:seal_additions", served=True, asked_by=("take_additions", "recheck_before_enclosing"),
        printed_by_contractor=True,
    ),
    "recheck_before_posting": _RECHECK,
    # over all stages
    "record_backup": ByMachine(does="steps.backup:record_backup"),
    # erasure
    "erase_ward_data": ByMachine(
        does="steps.erasure:erase_ward_data", served=True, asked_by=("end_returned_mail",), waits_for="its day",
    ),
}  # fmt: skip
