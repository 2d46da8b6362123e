"""`silian archive` makes one site's WebM, as a process of its own: the center's meetings never wait for it.

It reads one JSON line on standard input,

    {"tracks": ["<path>", ...], "key": "<hex>", "out": "<path>", "out_key": "<hex>", "began": <Unix ms>,
     "chapters": [["<title>", <start ms>, <end ms>], ...]}

writes the file encrypted (`media.recording.scratch`), and says on standard output how far it is: `{"at": <ms>}`, and at
last `{"seconds": .., "pictures": .., "sounds": ..}`, or `{"empty": true}`, or `{"fault": "<id>"}`.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from desktop_app.domain.faults import HostFault
from media.recording.scratch import Scratch
from media.recording.webm import Chapter, write_webm


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The hidden command `silian archive` has none."""


def run(options: argparse.Namespace) -> int:
    """Make one file of a recording, as standard input says."""
    order = json.loads(sys.stdin.readline())
    try:
        with Scratch(Path(order["out"]), bytes.fromhex(order["out_key"]), fresh=True) as out:
            made = write_webm(
                [Path(each) for each in order["tracks"]],
                bytes.fromhex(order["key"]),
                out,
                began=order["began"],
                chapters=[Chapter(*each) for each in order["chapters"]],
                on_progress=lambda at: _tell({"at": at}),
            )
    except HostFault as fault:
        _tell({"fault": fault.id})
        return 1
    except OSError:
        _tell({"fault": "disk-failing"})
        return 1
    if made is None:
        _tell({"empty": True})
    else:
        _tell({"seconds": made.seconds, "pictures": made.pictures, "sounds": made.sounds})
    return 0


def _tell(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)
