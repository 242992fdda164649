"""HOW A YEAR IS PLAYED: virtual clock, cast, contractor's hands, faults, laws. Nothing stands on it but its command."""
