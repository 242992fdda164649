"""Where an act is done: on the page that it has of its own, else by its form."""

from collections.abc import Mapping

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
}


def place_of(cycle: str, act: str) -> str:
    """Return the address of an act of a year."""
    return _OWN.get(act, "/{cycle}/acts/{act}").format(cycle=cycle, act=act)
