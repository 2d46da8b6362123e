"""A tenth of the soak (`make soak`): what comes from outside, a little wrong, harms nothing."""

import json
import subprocess
import sys

from tests.media.garbage import GROWTH


def test_wrong_messages_descriptions_and_packets_give_peer_faults_alone_and_memory_does_not_grow():
    told = subprocess.run(
        [sys.executable, "-m", "tests.media.garbage", "--times", "1", "--seed", "20261122"],
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert told.returncode == 0, told.stderr[-3000:]
    counted = json.loads(told.stdout)
    assert counted["signalling"]["messages"] == counted["packets"]["packets"] == 100_000
    assert counted["descriptions"]["descriptions"] == 20_000
    assert counted["descriptions"]["read"] > 1_000
    assert counted["signalling"]["refused"] > 10_000
    assert counted["packets"]["decoded"] > 30  # on a thread of its own: as many as a busy machine gets to
    assert counted["growth"] < GROWTH
