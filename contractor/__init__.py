"""THE OTHER SIDE: the contractor's work, from the encrypted package alone. Knows none of the ward's rooms."""
