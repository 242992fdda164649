"""QR codes for paper: what a person would mistype, such as a signed checkpoint, can be scanned from the slip."""

# zxing-cpp names its keyword arguments without their types
# pyright: reportUnknownMemberType=false
import zxingcpp


def qr(text: str) -> str:
    """Return a QR code of the text (UTF-8) as an SVG picture, with its quiet zone; error correction level M."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    return zxingcpp.write_barcode_to_svg(code)
