"""HOW the world is met: register files, vault, package, press, carrier, keys, clock, fonts."""
