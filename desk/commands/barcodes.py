"""`tsudoi barcode`: the customer barcode of one address, for trying the rules out."""

import sys
from typing import Annotated

from typer import Argument, Typer

from adapters.barcode import DOUBTS, REPRESENTATIVE, customer_barcode
from desk.console import REFUSED, say, say_aside, say_json
from desk.options import AsJson
from models.words import _

app = Typer()


def reason_of(code: str) -> str:
    """Say why somebody should look at an address."""
    none = _("No customer barcode: representative postal code, or the town is not in the address.")
    return _(DOUBTS[code]) if code in DOUBTS else none


@app.command(help=_("The customer barcode of a postal code and the part of an address after the town."))
def barcode(
    postal: Annotated[str, Argument(help=_("Postal code, such as 160-0023."))],
    address_b: Annotated[str, Argument(help=_("The address after the town; - reads it from standard input."))],
    as_json: AsJson = False,
) -> int:
    """Show it; a representative postal code gets none and is refused."""
    rest = sys.stdin.readline().rstrip("\r\n") if address_b == "-" else address_b
    made = customer_barcode(postal, rest)
    if as_json:
        say_json({
            "postal": f"{made.postal_code[:3]}-{made.postal_code[3:]}", "address_number": made.address_number,
            "symbols": list(made.symbols), "check": made.check, "bars": made.bars, "doubtful": list(made.doubtful),
            "representative": not made.bars,
        })  # fmt: skip
    elif made.bars:
        say(_("Address number: {number}"), number=made.address_number)
        say(_("Symbols: {symbols}"), symbols=" ".join(made.symbols))
        say(_("Check symbol: {check}"), check=made.check)
        say(_("Bars: {bars}"), bars=made.bars)
    for code in made.doubtful:
        say_aside(_("Doubtful: {reason}"), reason=_(DOUBTS[code]), style="yellow")
    if not made.bars:
        say_aside(_(REPRESENTATIVE), style="bold red")
        say_aside("→ " + _("Write the town's own postal code."))
        return REFUSED
    return 0
