"""WHETHER it may happen: the table, guards, deadlines, the one door. The only user of `transitions`."""
