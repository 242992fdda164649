"""The stories play a year up to where they begin as the tests of the steps do."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "steps"))
