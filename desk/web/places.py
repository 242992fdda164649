"""Where an act is done whose page is not the form of its record: it brings a file, or hands one out."""

from collections.abc import Mapping

from states.facts import RECHECKS

PLACES: Mapping[str, str] = {
    **{
        act: f"extract/{act}"
        for act in (
            "take_extract", "take_additions", "take_changes", *RECHECKS, "withdraw_list", "list_protected",
            "hand_out_letters",
        )
    },
    "decide_row": "extract/held",
    "compare_imprint": "machine/compare_imprint",
    "reconcile_enclosing": "machine/reconcile_enclosing",
    "file_document": "documents",
}  # fmt: skip
