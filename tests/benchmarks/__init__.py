"""Measure the optimiser; run on request, see README.md in this folder."""

import sys
from pathlib import Path

# The suites beside this one are imported as the test runner knows them, such as `crosscheck`.
_TESTS = str(Path(__file__).resolve().parents[1])
if _TESTS not in sys.path:
    sys.path.insert(0, _TESTS)
