"""The matter that the board approved, and whether this year is still the same matter (要綱第3条第1項第3号).

A yearly repetition is covered by the referral; another contractor, other work, items, medium, subcontracting, period or
poster is not. A cycle that differs is opened on hold until its new referral is recorded.
"""

from collections.abc import Callable, Mapping

from models.programme import Programme
from models.words import N_

POSTING = "差出"

# What the board looked at: its words in both languages, and where the programme says it.
COMPARED: Mapping[str, tuple[str, str, Callable[[Programme], object]]] = {
    "contractor": ("委託先", N_("contractor"), lambda programme: programme.contractor.name),
    "work": ("委託する作業", N_("consigned work"), lambda programme: programme.consignment.work),
    "items": ("個人情報の項目", N_("items of personal data"), lambda programme: programme.consignment.items),
    "medium": ("媒体", N_("medium"), lambda programme: programme.consignment.medium),
    "subcontracting": ("再委託", N_("subcontracting"), lambda programme: programme.contractor.subcontracting),
    "period": ("期間", N_("period"), lambda programme: programme.consignment.period),
    "poster": ("差出をする者", N_("who posts"), lambda programme: programme.consignment.poster),
}


def differences(programme: Programme, before: Programme | None) -> tuple[str, ...]:
    """Return what differs from the matter the board approved, as keys of COMPARED.

    The year before stands for that matter. In a first year the programme's own words do: then only posting by the
    contractor can differ, where the consigned work does not name it. A programme that carries a new referral with its
    date differs in nothing.
    """
    posts_unreferred = programme.consignment.poster == "contractor" and POSTING not in programme.consignment.work
    if before is None:
        return ("poster",) if posts_unreferred else ()
    new = programme.referral.number != before.referral.number and programme.referral.decided_on is not None
    return () if new else changed(programme, before)


def changed(programme: Programme, before: Programme) -> tuple[str, ...]:
    """Return what is another than in the year before, as keys of COMPARED."""
    return tuple(key for key, (_ja, _en, said) in COMPARED.items() if said(programme) != said(before))
