"""Pictures of characters, as the font prints them."""

from adapters.fonts import default_font
from adapters.glyphs import outlines

COMMON, VARIED, UNKNOWN, PRIVATE = "U+8FBB", "U+8FBB U+E0100", "U+8FBB U+E0102", "U+E000"


def test_a_variation_is_drawn_as_it_is_printed() -> None:
    """A variation of the font has a shape of its own, one that it does not have the common one, a gap none at all."""
    drawn = outlines(default_font(), frozenset({COMMON, VARIED, UNKNOWN, PRIVATE}))
    assert drawn[VARIED].path != drawn[COMMON].path
    assert drawn[UNKNOWN] == drawn[COMMON]
    assert PRIVATE not in drawn
    assert drawn[COMMON].path.startswith("M")
    assert drawn[COMMON].width > 0
