"""The smaller machines: mail piece, custody item, incident, reminder, and a record's status."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One of the smaller machines: its pairs are checked by the database like those of the cycle."""

    name: str
    initial: tuple[str, ...]
    final: tuple[str, ...]
    pairs: tuple[tuple[str, str, str], ...]

    @property
    def states(self) -> tuple[str, ...]:
        """Return every state, in the order of the pairs."""
        named = [*self.initial, *(state for start, _trigger, to in self.pairs for state in (start, to))]
        return tuple(dict.fromkeys(named))


PIECE = Machine(
    name="piece",
    initial=("exported",),
    final=("posted", "pulled"),
    pairs=(
        ("exported", "print", "printed"),
        ("printed", "enclose", "enclosed"),
        ("enclosed", "post", "posted"),
        ("exported", "pull", "pulled"),
        ("printed", "pull", "pulled"),
        ("enclosed", "pull", "pulled"),
    ),
)
ITEM = Machine(
    name="item",
    initial=("with_ward", "with_contractor", "with_subcontractor"),
    final=("erased", "destroyed", "released"),
    pairs=(
        ("with_ward", "hand_over", "with_contractor"),
        ("with_ward", "hand_on", "with_subcontractor"),
        ("with_contractor", "pass_on", "with_subcontractor"),
        ("with_subcontractor", "give_back", "with_contractor"),
        ("with_contractor", "return", "with_ward"),
        ("with_subcontractor", "return", "with_ward"),
        ("with_ward", "erase", "erased"),
        ("with_contractor", "erase", "erased"),
        ("with_subcontractor", "erase", "erased"),
        ("with_ward", "destroy", "destroyed"),
        ("with_contractor", "destroy", "destroyed"),
        ("with_subcontractor", "destroy", "destroyed"),
        ("with_ward", "release", "released"),  # returned letters, to whom they are addressed
        ("with_ward", "lose", "lost"),
        ("with_contractor", "lose", "lost"),
        ("with_subcontractor", "lose", "lost"),
        ("lost", "find_at_ward", "with_ward"),
        ("lost", "find_at_contractor", "with_contractor"),
        ("lost", "find_at_subcontractor", "with_subcontractor"),
    ),
)
INCIDENT = Machine(name="incident", initial=("open",), final=("settled",), pairs=(("open", "settle", "settled"),))
REMINDER = Machine(
    name="reminder",
    initial=("waiting",),
    final=("sent", "dropped", "unknown"),
    pairs=(
        ("waiting", "claim", "claimed"),
        ("claimed", "send", "sent"),
        ("claimed", "put_back", "waiting"),
        ("claimed", "lose_sight", "unknown"),
        ("waiting", "drop", "dropped"),
    ),
)

# A record's `status`, which the database guards as it does a state.
RECORD = Machine(
    name="record",
    initial=("pending", "done"),
    final=("dropped", "superseded"),
    pairs=(
        ("pending", "confirm", "done"),
        ("pending", "propose_again", "dropped"),
        ("done", "do_again", "superseded"),
    ),
)
