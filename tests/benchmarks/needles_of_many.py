"""The search's needles for so many fictional persons, in a process of their own: it prints its peak in MiB."""

import os
import sys
from io import BytesIO

from measuring import most_of_this_process

from adapters.finder import Finder
from adapters.needles import Needles
from adapters.sample import sample_extract
from steps.residents import needles_in

written = Needles.of(needles_in(sample_extract(fiscal_year=2026, persons=int(sys.argv[1]), seed=1)))
list(Finder(written).found(BytesIO(os.urandom(1 << 20))))
print(most_of_this_process() / 2**20)  # noqa: T201 - its answer
