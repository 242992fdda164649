"""The ledger's Merkle tree (RFC 6962 section 2.1, SHA-256), as pure functions over what the ledger stores.

With leaf n (counted from 0) the ledger stores one column `hashes`: the hash of every complete subtree that this leaf
completes, 32 bytes each, level 0 (the leaf itself) first. The subtree number `index` of a level covers the leaves
[index << level, (index + 1) << level); its last leaf completes it, so its hash stands in the row of leaf
((index + 1) << level) - 1 at byte 32 * level. A row is therefore never changed by what comes after it.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from models.errors import BadInput, Damaged
from models.words import _

Read = Callable[[int], bytes]
"""Returns the `hashes` column of a leaf number."""

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the 32-byte hash of an entry's stored bytes."""
    return sha256(b"\x00" + data).digest()


def stored_hashes(size: int, leaves: Sequence[bytes], read: Read) -> list[bytes]:
    """Return the `hashes` column for each new leaf after `size` leaves, given their hashes.

    What is read is one row for each complete subtree that the new leaves go on from, whatever their number.

    Raises:
        Damaged: a row that is needed is too short.

    """
    levels = (size ^ (size + len(leaves))).bit_length()  # subtrees higher than that stay as they are
    peaks = [_stored(level, (size >> level) - 1, read) for level in reversed(range(levels)) if size >> level & 1]
    return Roots(size, peaks).add(leaves)


def root(size: int, read: Read) -> bytes:
    """Return the root of the first `size` leaves with O(log size) reads; SHA-256 of nothing when there are none.

    Raises:
        Damaged: a row that is needed is too short.

    """
    return _subtree(0, size, read) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: Read) -> list[bytes]:
    """Return the audit path of leaf `index` in the tree of `size` leaves, from the leaf upwards (RFC 6962 2.1.1).

    Raises:
        BadInput: the tree of that size has no such leaf.
        Damaged: a row that is needed is too short.

    """
    if not 0 <= index < size:
        raise BadInput(
            _("A ledger of {size} entries has no entry {index}.").format(size=size, index=index),
            _("Name an entry that the ledger has; the first is 0."),
        )
    return _path(index, 0, size, read)


def consistency_proof(old: int, new: int, read: Read) -> list[bytes]:
    """Return the proof that the tree of `new` leaves begins with the tree of `old` leaves (RFC 6962 2.1.2).

    It is empty where nothing needs proof: from the empty tree, and from a tree to itself.

    Raises:
        BadInput: the old size is greater than the new one.
        Damaged: a row that is needed is too short.

    """
    if not 0 <= old <= new:
        raise BadInput(
            _("A ledger of {new} entries cannot go on from {old} entries.").format(new=new, old=old),
            _("Name the smaller size first."),
        )
    return _subproof(old, 0, new, read) if old else []


class Roots:
    """A tree that grows, holding only the roots of its complete subtrees (O(log n) memory)."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """Begin with the empty tree, or go on from `size` leaves with the roots of their last complete subtrees.

        Where only those subtrees are given which the next leaves complete, `add` is right and `root` is not.
        """
        self.size = size
        self._peaks = list(peaks)

    def add(self, leaves: Sequence[bytes]) -> list[bytes]:
        """Append leaves by their hashes; return what the ledger's column `hashes` must hold for each of them."""
        columns: list[bytes] = []
        while leaves:
            fits = self.size & -self.size or len(leaves)  # what the next complete subtree takes
            columns += self._add_under_one_subtree(leaves[:fits])
            leaves = leaves[fits:]
        return columns

    def root(self) -> bytes:
        """Return the root of what was added so far."""
        return _joined(self._peaks) if self._peaks else EMPTY_ROOT

    def _add_under_one_subtree(self, leaves: Sequence[bytes]) -> list[bytes]:
        """Add leaves level by level: a million entries must not pay for a call each."""
        columns, level, depth, single = list(leaves), leaves, 0, list[bytes]()
        while len(level) > 1:
            if len(level) % 2:
                single.append(level[-1])
            depth += 1
            pairs = zip(level[::2], level[1::2], strict=False)
            level = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
            for index, node in enumerate(level, start=1):
                columns[(index << depth) - 1] += node
        top = level[0]
        for _level in range(_trailing_ones(self.size >> depth)):
            top = _node_hash(self._peaks.pop(), top)
            columns[-1] += top
        self._peaks += [top, *reversed(single)]
        self.size += len(leaves)
        return columns


def _path(index: int, start: int, end: int, read: Read) -> list[bytes]:
    """Return the siblings from a leaf up to the root of the leaves [start, end): PATH of RFC 6962."""
    if end - start == 1:
        return []
    split = _split(start, end)
    if index < split:
        return [*_path(index, start, split, read), _subtree(split, end, read)]
    return [*_path(index, split, end, read), _subtree(start, split, read)]


def _subproof(old: int, start: int, end: int, read: Read) -> list[bytes]:
    """Return what proves that the leaves [start, end) go on from those before `old`: SUBPROOF of RFC 6962."""
    if old == end:  # its hash is the old root, which is known, or stands in the proof
        return [_subtree(start, end, read)] if start else []
    split = _split(start, end)
    if old <= split:
        return [*_subproof(old, start, split, read), _subtree(split, end, read)]
    return [*_subproof(old, split, end, read), _subtree(start, split, read)]


def _split(start: int, end: int) -> int:
    """Return where RFC 6962 splits leaves: after the largest power of two that is smaller than their number."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _subtree(start: int, end: int, read: Read) -> bytes:
    """Return the hash of the leaves [start, end), a range that RFC 6962's splitting makes."""
    count = end - start
    # Such a range begins at a multiple of a power of two that is no smaller than it.
    levels = [level for level in reversed(range(count.bit_length())) if count >> level & 1]
    return _joined([_stored(level, (end >> level) - 1, read) for level in levels])


def _stored(level: int, index: int, read: Read) -> bytes:
    """Return the stored hash of a complete subtree."""
    leaf = ((index + 1) << level) - 1
    found = read(leaf)[HASH_SIZE * level : HASH_SIZE * (level + 1)]
    if len(found) != HASH_SIZE:
        raise Damaged(
            _("The stored tree hashes of ledger entry {entry} are incomplete.").format(entry=leaf),
            _("Stop, keep the database as it is, and verify the ledger."),
        )
    return found


def _joined(peaks: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees of falling size."""
    *rest, joined = peaks
    for peak in reversed(rest):
        joined = _node_hash(peak, joined)
    return joined


def _node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _trailing_ones(n: int) -> int:
    """Return how many subtrees above the leaf level the leaf n completes."""
    return (~n & (n + 1)).bit_length() - 1
