"""Plain words: what may be typed as one line, and how it is shown where something else was written all the same.

Line breaks, control characters, marks that turn the direction of writing and what has no form of its own let a page, a
letter or a terminal say something else than what is stored. They are refused where they are typed; what an older
installation holds of them is shown by its number.
"""

import re
import unicodedata

from models.errors import BadInput
from models.words import _

# Control, format, surrogate, and the two separators of Unicode that break a line.
_NEVER = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_NO_CHARACTER = 0xFFFE  # and 0xFFFF, in every plane
# A dot-atom at a host (RFC 5321, 4.1.2), as every mail server of an office takes it.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


def is_plain(text: str) -> bool:
    """Tell whether a text is one line of plain words."""
    return text.isprintable() or not any(map(_is_strange, text))


def visible(text: str, *, keep: str = "") -> str:
    """Return a text for showing: what is not plain stands there as its number, such as <U+001B>, but for `keep`."""
    if text.isprintable():
        return text
    return "".join(
        f"<U+{ord(character):04X}>" if character not in keep and _is_strange(character) else character
        for character in text
    )


# In Japan a number begins with 0 and has ten or eleven digits; abroad + and up to fifteen (E.164). Hyphens may stand.
_TELEPHONE = re.compile(r"(?:0(?:-?[0-9]){9,10}|\+[1-9](?:-?[0-9]){6,14})(?:内線[0-9]{1,6})?")
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—―−ーｰ", "-"))


def telephone(text: str) -> str:
    """Return a telephone number with hyphens, and its extension; what an input method made of it is mended.

    Raises:
        BadInput: it is no telephone number.

    """
    number = unicodedata.normalize("NFKC", text).translate(_HYPHENS)
    number = re.sub(r"\((内線[0-9]+)\)$", r"\1", re.sub(r"\s", "", number))
    number = re.sub(r"^\(([0-9]+)\)|^([0-9]+)\(([0-9]+)\)", _hyphened, number)
    if number and not _TELEPHONE.fullmatch(number):
        raise BadInput(
            _("The telephone number cannot be used: ten or eleven digits that begin with 0, or + and a country code."),
            _("Type it again, such as 03-0000-0101 or 03-0000-0101 内線2345, or leave it empty."),
        )
    return number.replace("内線", " 内線")


def _hyphened(found: re.Match[str]) -> str:
    return "".join(f"{part}-" for part in found.groups() if part)


def mail_address(text: str) -> str:
    """Return a mail address as a server takes it: what an input method made full-width is mended, "" stays "".

    Raises:
        BadInput: it is no address of one mailbox.

    """
    address = unicodedata.normalize("NFKC", text).strip(" ").replace("。", ".")
    if address and not _ADDRESS.fullmatch(address):
        raise BadInput(
            _("The mail address cannot be used: a mailbox, one @ and a host, in half-width letters without spaces."),
            _("Type it again, such as sato@ward.example, or leave it empty."),
        )
    return address


def _is_strange(character: str) -> bool:
    return unicodedata.category(character) in _NEVER or ord(character) & _NO_CHARACTER == _NO_CHARACTER
