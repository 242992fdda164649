"""Runs the command and kills it, as kill -9 does, at a function: MODULE:NAME before|after NTH -- ARGUMENTS."""

import sys

from desk.main import main
from rehearsal.faults import die_at

if __name__ == "__main__":
    die_at(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    main(sys.argv[5:])
