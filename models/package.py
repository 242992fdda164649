"""What lies in the package, and how its rows are told apart: both sides read it by these names."""

import hashlib
import hmac

FILE = "addressees.csv"
FILE_CP932 = "addressees-cp932.csv"
HEADER = ("通し番号", "氏名", "郵便番号", "住所")
MANIFEST = "manifest.json"
WORDS = "words.json"
HARD = "hard"  # among the words: the serials whose rows the sample must show
TOWNS = "towns.csv"
TEMPLATES = ("letter.typ", "letter_form.typ", "specimen.typ", "invitation.typ", "tray.typ", "family.typ")


def row_digest(package_sha256: str, serial: str, name: str, postal_code: str, address: str) -> str:
    """Return the check value of a row: keyed with the package's hash, the postal code with or without its hyphen."""
    text = "\x1f".join((str(int(serial)), name, postal_code.replace("-", ""), address))
    return hmac.new(bytes.fromhex(package_sha256), text.encode(), hashlib.sha256).hexdigest()
