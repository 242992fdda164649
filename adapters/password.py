"""The password of an encrypted package: drawn at random, printed on the notice, typed by a person at the other side.

Eight groups of five characters. The last of each group is its check character, so that a slip of typing is told, with
the number of its group, before 7-Zip is asked: 7-Zip could only say that the password is wrong.
"""

import re
import secrets
import unicodedata
from collections.abc import Sequence

from models.errors import BadInput
from models.words import _

# The alphabet and how each character is read aloud. Left out is what is taken for another on paper (0 O Q, 1 I L, 5 S,
# 2 Z, 8 B, G for 6) or by ear (Q for 9); what remains is 23, a prime, which the check stands on.
_READINGS = {
    "3": "さん", "4": "よん", "6": "ろく", "7": "なな", "9": "きゅう",
    "A": "エイ", "C": "シー", "D": "ディー", "E": "イー", "F": "エフ", "H": "エイチ",
    "J": "ジェイ", "K": "ケイ", "M": "エム", "N": "エヌ", "P": "ピー", "R": "アール",
    "T": "ティー", "U": "ユー", "V": "ブイ", "W": "ダブリュー", "X": "エックス", "Y": "ワイ",
}  # fmt: skip
ALPHABET = "".join(_READINGS)
GROUPS = 8
DRAWN = 4  # of each group, from `secrets`: 8 x 4 x log2(23) = 144 bits in all
# The check character, last of its group, has weight 1 and so solves the sum. Modulo a prime, weights that are not zero
# find every single wrong character, and weights that all differ find every two that changed places.
_WEIGHTS = (5, 4, 3, 2, 1)
# Whatever an input method makes of the space and hyphen keys; full-width forms have been folded before.
_SEPARATORS = re.compile(r"[\s\-‐‑‒–—―−ー─・]+")


def new_password() -> str:
    """Return a new password of 144 random bits: eight groups of five characters, joined with "-"."""
    drawn = ("".join(secrets.choice(ALPHABET) for _place in range(DRAWN)) for _group in range(GROUPS))
    return "-".join(_with_check(number, characters) for number, characters in enumerate(drawn, start=1))


def check(typed: str) -> str:
    """Return the canonical password from what a person typed in any width, case, spacing and hyphens.

    Raises:
        BadInput: a group has a slip of typing (the message names the first such group, never its characters), or groups
            are missing or too many.

    """
    groups = _groups(typed)
    for number, group in enumerate(groups[:GROUPS], start=1):
        if not _holds(number, group):
            raise BadInput(
                _("Group {number} of the password has a slip of typing.").format(number=number),
                _("Compare that group with the password notice, character by character, and type the password again."),
            )
    if len(groups) != GROUPS:
        raise BadInput(
            _("The password has {found} groups; it must have {expected}.").format(found=len(groups), expected=GROUPS),
            _("Type every group of the password notice, in its order."),
        )
    return "-".join(groups)


def reading(password: str) -> tuple[tuple[str, str], ...]:
    """Return each group of a canonical password with its reading in kana, for the password notice."""
    return tuple((group, "・".join(_READINGS[character] for character in group)) for group in password.split("-"))


def _with_check(number: int, drawn: str) -> str:
    return drawn + ALPHABET[(number - _weighted(drawn)) % len(ALPHABET)]


def _holds(number: int, group: str) -> bool:
    # The sum is the group's number, not zero, so that a group typed in another's place is found too.
    return (
        len(group) == len(_WEIGHTS)
        and all(character in _READINGS for character in group)
        and _weighted(group) % len(ALPHABET) == number
    )


def _weighted(characters: Sequence[str]) -> int:
    return sum(weight * ALPHABET.index(character) for weight, character in zip(_WEIGHTS, characters, strict=False))


def _groups(typed: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", typed).upper()
    parts = [part for part in _SEPARATORS.split(folded) if part]
    if len(parts) == GROUPS:  # grouped as on the notice: a lost character stays in its own group
        return parts
    whole = "".join(parts)
    return [whole[start : start + len(_WEIGHTS)] for start in range(0, len(whole), len(_WEIGHTS))]
