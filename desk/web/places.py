"""Where an act is done: on the page that it has of its own, else by its form."""

from collections.abc import Mapping

from states.facts import RECHECKS

# What brings a file, or hands one out: the form of its record leads there.
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
_OWN: Mapping[str, str] = {
    "see_decisions": "/{cycle}/decisions",
    "register_people": "/people",
    "change_people": "/people",
    "change_roles": "/people",
    "give_key": "/people",
    "settle_incident": "/{cycle}/incidents",
    "assess_incident": "/{cycle}/incidents",
    "report_to_commission": "/{cycle}/incidents",
    "notify_persons": "/{cycle}/incidents",
    "publish_incident": "/{cycle}/incidents",
    "move_deadline": "/{cycle}/calendar",
    "decide_late_plan": "/{cycle}/commitments",
    **{act: f"/{{cycle}}/{place}" for act, place in PLACES.items()},
}


def place_of(cycle: str, act: str) -> str:
    """Return the address of an act of a year."""
    return _OWN.get(act, "/{cycle}/acts/{act}").format(cycle=cycle, act=act)
