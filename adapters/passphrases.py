"""Passphrases that people choose: one form for what is the same to the eye, and the weak ones refused.

What a guesser tries first adds nothing: common words, the person's own id and name, runs and sequences are taken away,
and what is left must still be something.
"""

import re
import secrets
import unicodedata
from collections.abc import Iterable

from models.errors import BadInput
from models.words import _

SHORTEST = 12
_LEFT = 6  # characters that must be left when everything that is tried first is taken away
_RUN = 4  # characters that follow each other on a keyboard or in an alphabet
# From lists of the most common passwords, and what offices like to use.
_COMMON = (
    "password", "passw0rd", "p@ssw0rd", "passphrase", "welcome", "letmein", "admin", "administrator", "master", "login",
    "secret", "dragon", "monkey", "football", "baseball", "sunshine", "princess", "iloveyou", "shadow", "superman",
    "michael", "jordan", "qwerty", "azerty", "asdfgh", "zxcvbn", "changeme", "default", "guest", "root", "test", "user",
    "hello", "summer", "winter", "spring", "autumn", "office", "tsudoi", "hatachi", "soumu", "shinjuku", "kuyakusho",
    "sakura", "japan", "tokyo", "nippon", "arigatou", "konnichiwa", "doraemon", "pokemon", "naruto",
    "はたちのつどい", "つどい", "はたち", "成人式", "成人の日", "パスワード", "ぱすわーど", "合言葉", "あいことば",
    "暗証番号", "総務課", "総務", "戸籍住民課", "区役所", "市役所", "新宿区", "新宿", "令和", "平成", "昭和",
    "ありがとう", "こんにちは",
)  # fmt: skip
_ROWS = (
    "01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb",
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
)  # fmt: skip
_RUNS = {
    row[start : start + _RUN]
    for way in _ROWS for row in (way, way[::-1]) for start in range(len(row) - _RUN + 1)
}  # fmt: skip


def typed(text: str) -> bytes:
    """Return one form for what is the same to the eye: keyboards compose kana and widths differently (SP 800-63B)."""
    return unicodedata.normalize("NFKC", text).encode("utf-8", "surrogatepass")


def refuse_weak(text: str, *, about: Iterable[str]) -> None:
    """Refuse what is short or guessed first; `about` is what everybody knows of the person, such as id and name.

    Raises:
        BadInput: it is too short, or too little is left of it.

    """
    plain = unicodedata.normalize("NFKC", text)
    if len(plain) < SHORTEST:
        raise BadInput(
            _("The passphrase has fewer than {count} characters.").format(count=SHORTEST),
            _("Choose a longer one; several words are easier to remember."),
        )
    if _what_is_left(plain, about) < _LEFT:
        raise BadInput(
            _("The passphrase is one that is guessed first: a common word, a sequence, a repetition or a name."),
            _("Choose several words that have nothing to do with each other or with you."),
        )


def one_use() -> str:
    """Return a passphrase that somebody is handed on a slip and changes at once: nearly 80 random bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _nth in range(4)) for _group in range(4))


def _what_is_left(text: str, about: Iterable[str]) -> int:
    """Count the different characters that are left when everything that is tried first is taken away."""
    left = _plain(text)
    if repeated := re.fullmatch(r"(.+?)\1+.{0,3}", left):
        left = repeated[1]
    own = {_plain(part) for fact in about for part in (fact, *fact.split())}
    for word in sorted({*own, *map(_plain, _COMMON)}, key=len, reverse=True):
        left = left.replace(word, "") if len(word) > 1 else left
    left = re.sub(r"(19|20)[0-9]{2}", "", re.sub(r"(.)\1{2,}", "", left))
    in_a_run = {
        place
        for start in range(len(left)) if left[start : start + _RUN] in _RUNS for place in range(start, start + _RUN)
    }  # fmt: skip
    return len({sign for place, sign in enumerate(left) if place not in in_a_run})


def _plain(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).casefold())
