"""The ledger's tree against a naive reading of RFC 6962 section 2.1, written down here once more."""

from collections.abc import Iterator
from functools import cache, lru_cache
from hashlib import sha256
from itertools import pairwise

import pytest
from measuring import peak_of

from deploy import verify_ledger as verifier
from models.errors import BadInput, Damaged
from states import merkle

SIZES = range(201)


@cache
def column() -> tuple[bytes, ...]:
    rows: list[bytes] = []
    for n in SIZES:
        rows += merkle.stored_hashes(n, [merkle.leaf_hash(entry(n))], rows.__getitem__)
    return tuple(rows)


def read(leaf: int) -> bytes:
    return column()[leaf]


def entry(n: int) -> bytes:
    return f"entry {n}".encode()


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


@cache
def mth(start: int, end: int) -> bytes:
    """MTH(D[start:end]), word for word."""
    n = end - start
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return sha256(b"\x00" + entry(start)).digest()
    k = split(n)
    return sha256(b"\x01" + mth(start, start + k) + mth(start + k, end)).digest()


def path(m: int, start: int, end: int) -> list[bytes]:
    """PATH(m, D[start:end]), m counted from start."""
    n = end - start
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return [*path(m, start, start + k), mth(start + k, end)]
    return [*path(m - k, start + k, end), mth(start, start + k)]


def subproof(m: int, start: int, end: int, *, known: bool) -> list[bytes]:
    """SUBPROOF(m, D[start:end], b)."""
    n = end - start
    if m == n:
        return [] if known else [mth(start, end)]
    k = split(n)
    if m <= k:
        return [*subproof(m, start, start + k, known=known), mth(start + k, end)]
    return [*subproof(m - k, start + k, end, known=False), mth(start, start + k)]


def one_bit_changes(proof: list[bytes]) -> Iterator[list[bytes]]:
    for at, value in enumerate(proof):
        for bit in range(256):
            changed = (int.from_bytes(value) ^ (1 << bit)).to_bytes(32)
            yield [*proof[:at], changed, *proof[at + 1 :]]


def included(index: int, size: int, proof: list[bytes]) -> bool:
    """Ask the offline verifier, which shares no code with the writer."""
    return verifier.inclusion_holds(mth(index, index + 1), index, size, mth(0, size), proof)


def consistent(old: int, new: int, proof: list[bytes]) -> bool:
    return verifier.consistency_holds(old, new, mth(0, old), mth(0, new), proof)


def test_the_root_of_every_size_is_the_rfcs() -> None:
    """The root of every size up to 200 is what RFC 6962's definition gives, from storage and from the stream."""
    roots = merkle.Roots()
    for size in SIZES:
        assert merkle.root(size, read) == roots.root() == mth(0, size)
        roots.add([merkle.leaf_hash(entry(size))])


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    """The root of no entries is the published SHA-256 of the empty string."""
    assert merkle.root(0, read).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_certificate_transparencys_own_vectors_hold() -> None:
    """The eight leaves of Certificate Transparency's test data give its published roots."""
    leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    published = {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    roots = merkle.Roots()
    for leaf in leaves:
        roots.add([merkle.leaf_hash(bytes.fromhex(leaf))])
        if roots.size in published:
            assert roots.root().hex() == published[roots.size]


def test_a_row_holds_exactly_the_subtrees_it_completes() -> None:
    """Row n holds one hash for level 0 and one for every level whose subtree ends with leaf n."""
    for n in SIZES:
        completed = [level for level in range(9) if (n + 1) % (1 << level) == 0]
        assert read(n) == b"".join(mth(n + 1 - (1 << level), n + 1) for level in completed)


def test_every_inclusion_proof_is_the_rfcs_and_holds() -> None:
    """For every leaf of every size up to 200 the proof equals the RFC's and is accepted."""
    for size in SIZES:
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, read)
            assert proof == path(index, 0, size)
            assert included(index, size, proof)


def test_every_consistency_proof_is_the_rfcs_and_holds() -> None:
    """For all pairs of sizes up to 200 the proof equals the RFC's and is accepted."""
    for new in SIZES:
        for old in range(new + 1):
            proof = merkle.consistency_proof(old, new, read)
            assert proof == (subproof(old, 0, new, known=True) if old else [])
            assert consistent(old, new, proof)


@pytest.mark.parametrize(("index", "size"), [(0, 2), (4, 7), (7, 8), (10, 11), (20, 128)])
def test_every_changed_bit_of_an_inclusion_proof_is_refused(index: int, size: int) -> None:
    """No bit of an inclusion proof, of its leaf or of its root can change."""
    proof = merkle.inclusion_proof(index, size, read)
    assert not any(included(index, size, changed) for changed in one_bit_changes(proof))
    for [leaf, root] in one_bit_changes([mth(index, index + 1), mth(0, size)]):
        assert not verifier.inclusion_holds(leaf, index, size, root, proof)


@pytest.mark.parametrize(("old", "new"), [(1, 2), (2, 5), (4, 7), (6, 7), (7, 8), (64, 128), (77, 128)])
def test_every_changed_bit_of_a_consistency_proof_is_refused(old: int, new: int) -> None:
    """No bit of a consistency proof or of its two roots can change."""
    proof = merkle.consistency_proof(old, new, read)
    assert not any(consistent(old, new, changed) for changed in one_bit_changes(proof))
    for [old_root, new_root] in one_bit_changes([mth(0, old), mth(0, new)]):
        assert not verifier.consistency_holds(old, new, old_root, new_root, proof)


@pytest.fixture
def _remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the verifier remember the hashes of nodes: 74 million proofs differ in one hash each."""
    monkeypatch.setattr(verifier, "node_hash", lru_cache(maxsize=256)(verifier.node_hash))


@pytest.mark.long
@pytest.mark.usefixtures("_remembered")
@pytest.mark.parametrize("part", range(10))
def test_every_changed_bit_of_every_proof_is_refused(part: int) -> None:
    """For every size up to 200, every leaf and every pair of sizes: no bit of the proof can change."""
    for size in SIZES[part::10]:
        for other in range(size):
            inclusion = merkle.inclusion_proof(other, size, read)
            assert not any(included(other, size, changed) for changed in one_bit_changes(inclusion))
            consistency = merkle.consistency_proof(other, size, read)
            assert not any(consistent(other, size, changed) for changed in one_bit_changes(consistency))


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 64, 200])
def test_leaves_added_many_at_once_give_the_same_tree(cut: int) -> None:
    """Blocks of any size, from any size on, give every row's hashes and every root."""
    roots = merkle.Roots()
    for start in range(0, 200, cut):
        block = [merkle.leaf_hash(entry(n)) for n in range(start, min(start + cut, 200))]
        assert roots.add(block) == list(column()[start : start + len(block)])
        assert roots.root() == mth(0, roots.size)


def test_a_batch_appended_anywhere_stores_what_single_leaves_store() -> None:
    """From every size to every larger one up to 64, the batch's columns are those of leaves appended one by one."""
    for size in range(64):
        for end in range(size, 65):
            leaves = [merkle.leaf_hash(entry(n)) for n in range(size, end)]
            assert merkle.stored_hashes(size, leaves, read) == list(column()[size:end])


def test_a_proof_holds_for_its_own_place_alone() -> None:
    """A proof is refused for every other leaf of its tree and in every other tree, up to 20 leaves."""
    for size in range(1, 21):
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, read)
            others = [other for other in range(size) if other != index]
            assert not any(included(other, size, proof) for other in others)
            assert not any(included(index, other, proof) for other in range(21) if other != size)


def test_a_proof_of_the_wrong_length_is_refused() -> None:
    """A hash more, a hash less, or a hash cut elsewhere makes a proof worthless."""
    for proof, holds in (
        (merkle.inclusion_proof(5, 13, read), lambda p: included(5, 13, p)),
        (merkle.consistency_proof(5, 13, read), lambda p: consistent(5, 13, p)),
    ):
        assert holds(proof)
        assert not holds(proof[:-1])
        assert not holds(proof[1:])
        assert not holds([*proof, bytes(32)])
        assert not holds([])
        assert not holds([proof[0] + proof[1], *proof[2:]])
        assert not holds([proof[0][:31], proof[0][31:] + proof[1], *proof[2:]])


def test_bytes_cannot_wander_from_one_hash_into_the_next() -> None:
    """Hashes cut at another place are refused, though their concatenation and so the root stay the same."""
    leaf, [sibling, *rest] = mth(0, 1), merkle.inclusion_proof(0, 8, read)
    shifted = [leaf[31:] + sibling, *rest]
    assert not verifier.inclusion_holds(leaf[:31], 0, 8, mth(0, 8), shifted)
    old, [right] = mth(0, 4), merkle.consistency_proof(4, 8, read)
    assert not verifier.consistency_holds(4, 8, old[:31], mth(0, 8), [old[31:] + right])


def test_a_rewritten_history_cannot_be_called_consistent() -> None:
    """The trees before and after an old entry was changed share no accepted proof."""
    changed: list[bytes] = []
    for n in range(13):
        data = b"rewritten" if n == 2 else entry(n)
        changed += merkle.stored_hashes(n, [merkle.leaf_hash(data)], changed.__getitem__)
    new_root = merkle.root(13, changed.__getitem__)
    proof = merkle.consistency_proof(5, 13, changed.__getitem__)
    assert not verifier.consistency_holds(5, 13, mth(0, 5), new_root, proof)


def test_nothing_is_proved_of_a_tree_to_itself_or_from_nothing() -> None:
    """Empty proofs hold only between equal trees and from the empty tree; anything else beside them is refused."""
    assert not consistent(0, 5, [bytes(32)])
    assert not consistent(5, 5, [bytes(32)])
    assert not verifier.consistency_holds(5, 5, mth(0, 5), mth(0, 6), [])
    assert not verifier.consistency_holds(0, 5, mth(0, 1), mth(0, 5), [])
    assert not consistent(6, 5, [])


def test_impossible_places_are_refused_in_words() -> None:
    """A leaf beyond the tree and a tree that shrinks are bad input."""
    for index, size in ((5, 5), (-1, 5), (0, 0)):
        with pytest.raises(BadInput):
            merkle.inclusion_proof(index, size, read)
        assert not included(index, size, [])
    with pytest.raises(BadInput):
        merkle.consistency_proof(6, 5, read)


def test_a_short_row_is_damage_and_not_a_wrong_hash() -> None:
    """A row that lost bytes stops the root, the proof and the next append."""

    def damaged(leaf: int) -> bytes:
        return read(leaf)[:-1]

    with pytest.raises(Damaged, match="3"):
        merkle.root(4, damaged)
    with pytest.raises(Damaged):
        merkle.inclusion_proof(1, 4, damaged)
    with pytest.raises(Damaged):
        merkle.stored_hashes(1, [merkle.leaf_hash(entry(1))], damaged)


def test_reads_grow_with_the_logarithm() -> None:
    """Appending, the root and both proofs read at most a few rows a level of a tree of 100,000 leaves."""
    rows: list[bytes] = []
    for n in range(100_000):
        rows += merkle.stored_hashes(n, [merkle.leaf_hash(b"")], rows.__getitem__)
    seen: list[int] = []

    def counted(leaf: int) -> bytes:
        seen.append(leaf)
        return rows[leaf]

    marks = [0]
    for ask in (
        lambda: merkle.stored_hashes(65535, [merkle.leaf_hash(b"")], counted),
        lambda: merkle.stored_hashes(65535, [merkle.leaf_hash(b"")] * 1000, counted),
        lambda: merkle.root(99_999, counted),
        lambda: merkle.inclusion_proof(12_345, 99_999, counted),
        lambda: merkle.consistency_proof(12_345, 99_999, counted),
    ):
        ask()
        marks.append(len(seen))
    assert max(after - before for before, after in pairwise(marks)) <= 2 * 17


def test_the_stream_stays_small() -> None:
    """A stream of 30,000 entries never holds more than a block and a few kilobytes."""

    def stream() -> None:
        roots = merkle.Roots()
        for block in range(0, 30_000, 100):
            roots.add([merkle.leaf_hash(n.to_bytes(4)) for n in range(block, block + 100)])
        assert roots.size == 30_000

    assert peak_of(stream) < 50_000
