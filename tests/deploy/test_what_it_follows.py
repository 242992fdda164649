"""The verifier's own reading of RFC 8032, RFC 8785 and C2SP, against their vectors and against libraries."""

import json
import math

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy import verify_ledger as verifier
from models import notes
from states.ledger import canonical

# RFC 8032 section 7.1: public key, message, signature.
RFC_8032 = {
    "TEST 1": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe"
            "24655141438e7a100b"
        ),
    ),
    "TEST 2": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302a"
            "eeb00d291612bb0c00"
        ),
    ),
    "TEST 3": (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed2"
            "8dc027beceea1ec40a"
        ),
    ),
    "TEST SHA(abc)": (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce8"
            "0e2a9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac1"
            "7ad9bef1177331a704"
        ),
    ),
}
ALL = [tuple(map(bytes.fromhex, vector)) for vector in RFC_8032.values()]
SMALL = (  # points of small order, as 32 bytes: the neutral element, order 2, order 4, order 8
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
)


@pytest.mark.parametrize("name", list(RFC_8032))
def test_the_vectors_of_rfc_8032_hold(name: str) -> None:
    """Each published signature is accepted."""
    assert verifier.signature_holds(*map(bytes.fromhex, RFC_8032[name]))


def test_no_bit_of_a_vector_can_change() -> None:
    """Every one-bit change of key, message or signature is refused."""
    public, message, signature = ALL[2]
    parts = [public, message, signature]
    for place, part in enumerate(parts):
        for bit in range(0, len(part) * 8, 3):
            changed = bytearray(part)
            changed[bit // 8] ^= 1 << bit % 8
            assert not verifier.signature_holds(*(bytes(changed) if n == place else it for n, it in enumerate(parts)))


def test_a_signature_has_one_form() -> None:
    """S + L, which passes the equation, is refused, and so is a signature of another length."""
    public, message, signature = ALL[1]
    scalar = int.from_bytes(signature[32:], "little") + verifier.ORDER
    assert not verifier.signature_holds(public, message, signature[:32] + scalar.to_bytes(32, "little"))
    for other in (b"", signature[:63], signature + b"\x00"):
        assert not verifier.signature_holds(public, message, other)


@pytest.mark.parametrize("point", SMALL)
def test_a_key_of_small_order_signs_nothing(point: str) -> None:
    """With such a key, R = S·B would fit any message; it is no key."""
    key = bytes.fromhex(point)
    decompressed = verifier.decompress(key)
    assert decompressed is not None
    assert verifier.is_small(decompressed)
    forged = verifier.compress(verifier.BASE[0]) + (1).to_bytes(32, "little")
    assert not any(verifier.signature_holds(key, b"%d" % n, forged) for n in range(16))


@pytest.mark.parametrize("number", [verifier.P, verifier.P + 1, 2**255 - 1, 2, 1 | 1 << 255])
def test_what_is_no_point_is_no_key(number: int) -> None:
    """A number beyond the field, off the curve, or zero with a sign has no point."""
    assert verifier.decompress(number.to_bytes(32, "little")) is None


@settings(max_examples=25, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=300), flip=st.integers(0, 511))
def test_it_judges_as_openssl_does(seed: bytes, message: bytes, flip: int) -> None:
    """What the writer's library signs is accepted; with a bit changed both refuse."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), bytearray(private.sign(message))
    assert verifier.signature_holds(public, message, bytes(signature))
    signature[flip // 8] ^= 1 << flip % 8
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(public).verify(bytes(signature), message)
    assert not verifier.signature_holds(public, message, bytes(signature))


NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None)
@given(said=st.dictionaries(st.text(max_size=6), JSON, max_size=5))
def test_writer_and_verifier_agree_with_the_library_on_canonical_json(said: dict[str, object]) -> None:
    """For any JSON object the writer's quick way, the verifier's and rfc8785 give the same bytes."""
    expected = rfc8785.dumps(said)  # type: ignore[arg-type]  # any JSON object
    assert canonical(said).encode() == expected
    assert verifier.canonical(said).encode() == expected
    assert verifier.canonical(json.loads(expected)).encode() == expected


@pytest.mark.parametrize(
    ("bits", "text"),
    # RFC 8785 appendix B.
    [
        (0x0000000000000000, "0"), (0x8000000000000000, "0"), (0x0000000000000001, "5e-324"),
        (0x8000000000000001, "-5e-324"), (0x7FEFFFFFFFFFFFFF, "1.7976931348623157e+308"),
        (0x4340000000000000, "9007199254740992"), (0xC340000000000000, "-9007199254740992"),
        (0x4430000000000000, "295147905179352830000"), (0x44B52D02C7E14AF5, "9.999999999999997e+22"),
        (0x44B52D02C7E14AF6, "1e+23"), (0x44B52D02C7E14AF7, "1.0000000000000001e+23"),
        (0x444B1AE4D6E2EF4E, "999999999999999700000"), (0x444B1AE4D6E2EF50, "1e+21"),
        (0x3EB0C6F7A0B5ED8C, "9.999999999999997e-7"), (0x3EB0C6F7A0B5ED8D, "0.000001"),
        (0x41B3DE4355555553, "333333333.3333332"), (0x41B3DE4355555557, "333333333.33333343"),
        (0xBECBF647612F3696, "-0.0000033333333333333333"), (0x43143FF3C1CB0959, "1424953923781206.2"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_rfc_8785_says(bits: int, text: str) -> None:
    """Each double of the RFC's table is written as the table says."""
    import struct

    [value] = struct.unpack(">d", bits.to_bytes(8))
    assert math.isfinite(value)
    assert verifier.canonical(value) == text


def test_a_key_is_read_as_the_writer_writes_it() -> None:
    """The published verifier key of Go's note package, and a writer's own, are read and written back."""
    for text in (
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        notes.verifier_key("ward.example/管理簿", bytes(range(32))),
    ):
        assert verifier.parse_key(text).text == text
        for broken in (text[:-1], text + "\n", text.replace("+", " ", 1), text.upper(), ""):
            with pytest.raises(verifier.Unreadable):
                verifier.parse_key(broken)
