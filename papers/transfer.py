"""What goes with a sealed package: the control sheet of its medium (管理票) and the notice of its password."""

from collections.abc import Sequence
from typing import TypedDict

from models import choices
from models.letter import Moment
from models.records.transfer import AdditionsSealed, NoticeReprinted
from papers.movements import one_medium
from papers.sheet import Document, Sheet, head, manager_of, moment, names_of
from states.look import Look
from states.rules.custody import notice_in_force


class Receiver(TypedDict):
    """To whom a notice is addressed."""

    company: str
    name: str


class Group(TypedDict):
    """A group of the password and its reading in katakana."""

    text: str
    kana: str


class PasswordNotice(Document):
    """`password_notice` パスワード通知書. `checkpoint` is the ledger's signed note line by line, here and elsewhere."""

    addressee: Receiver
    package: str
    medium: str
    reissue: str
    sha256: str
    groups: Sequence[Group]
    giver: str
    receiver: str
    checkpoint: Sequence[str]


class ControlSheet(Document):
    """`control_sheet` 管理票 of a medium. It never says how many persons the medium holds."""

    package: str
    medium: str
    quantity: str
    form: str
    made_at: Moment | None
    made_by: str
    checked_by: str
    sha256: str
    read_back: str
    virus_scan: str


def suffix_of(act: str) -> str:
    """Return what the names of a package, its password and its papers end in: the additions have their own."""
    return "-additions" if act == "seal_additions" else ""


def control_sheet(here: Look, act: str) -> Sheet:
    """Return the control sheet of the package that an act has sealed."""
    facts = here.facts
    made, name = facts.done[act], suffix_of(act)
    sealed = AdditionsSealed.model_validate_json(made.data)  # what seal_package brings, and one field more
    data: ControlSheet = {
        "head": head(facts, sealed.medium, on=made.on),
        "package": f"{here.cycle_id}{name}",
        "medium": sealed.medium,
        "quantity": one_medium(facts.programme.consignment.medium),
        "form": choices.on_paper(choices.ENCRYPTIONS, sealed.algorithm),
        "made_at": moment(made.occurred_at),
        "made_by": names_of(facts).get(made.by, ""),
        "checked_by": "",
        "sha256": sealed.package_sha256,
        "read_back": "適合（再度開き、件数を数え、全項目を照合）",
        "virus_scan": "",
    }
    return Sheet(programme=here.programme, name=f"control-sheet{name}", template="control_sheet", data=data)


def password_notice(here: Look, act: str, groups: Sequence[tuple[str, str]]) -> Sheet:
    """Return the password notice in force; one printed again says so."""
    facts = here.facts
    sealed = AdditionsSealed.model_validate_json(facts.done[act].data)
    again, number = facts.record("reprint_notice", NoticeReprinted), notice_in_force(facts)
    is_again = again is not None and again.notice == number
    data: PasswordNotice = {
        "head": head(facts, number, on=facts.done["reprint_notice" if is_again else act].on),
        "addressee": {"company": facts.programme.contractor.name, "name": manager_of(facts)},
        "package": f"{here.cycle_id}{suffix_of(act)}",
        "medium": sealed.medium,
        "reissue": f"再発行（{again.former} に代わるもの）" if again and is_again else "",
        "sha256": sealed.package_sha256,
        "groups": [{"text": text, "kana": kana} for text, kana in groups],
        "giver": "",
        "receiver": "",
        "checkpoint": [],
    }
    name = f"password-notice{suffix_of(act)}"
    return Sheet(programme=here.programme, name=name, template="password_notice", data=data)
