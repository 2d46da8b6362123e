"""`silian simulate sync`, short: real stores, a real center with its intake process, TLS."""

import asyncio
from pathlib import Path

import pytest

from desktop_app.domain.clock import SystemClock
from desktop_app.simulate.sync import Size, drain

pytestmark = pytest.mark.processes


def test_many_terminals_drain_into_one_center_and_hold_what_it_holds(tmp_path: Path) -> None:
    measures = {one.what: one.seconds for one in asyncio.run(drain(tmp_path, Size(4, 30), SystemClock()))}
    assert measures["changes not acknowledged (count)"] == 0
    assert measures["terminals whose checksums differ (count)"] == 0
    assert (tmp_path / "center" / "intake.log").exists(), "the pushes went through the process beside the center"
