"""What differs between operating systems."""

import os
import subprocess
import sys

import pytest

from desktop_app.platform import GIVEN_WAY


@pytest.mark.skipif(sys.platform == "win32", reason="there it is a class of priority")
def test_a_process_that_gives_way_is_less_urgent_than_who_started_it():
    asked = "import os\nfrom desktop_app.platform import give_way\ngive_way()\nprint(os.nice(0))"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True)
    assert int(told.stdout) == min(19, os.nice(0) + GIVEN_WAY)
