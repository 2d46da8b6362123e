"""The measurement of the operator's view goes on working when the drawn meeting that it borrows is moved."""

from __future__ import annotations

import json
import os
import subprocess
import sys


def test_the_operators_view_is_measured_over_a_second() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "bench.meeting_operator", "1"],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert told.returncode == 0, told.stderr[-3000:]
    assert json.loads(told.stdout)
