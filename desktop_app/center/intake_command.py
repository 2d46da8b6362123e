"""`silian intake`: the process that takes in what terminals push. The center starts it; it ends with the center."""

import argparse
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from desktop_app.platform import give_way, program, start_apart
from desktop_app.settings import ENV_PASSPHRASE

LOG_FILE = "intake.log"


def add_arguments(_: argparse.ArgumentParser) -> None:
    """None: all it needs comes over standard input."""


def run(_: argparse.Namespace) -> int:
    from desktop_app.main import log_to_stderr
    from sync.center import intake_worker

    log_to_stderr("warning")
    give_way()  # a meeting's commands go first, whatever drains
    return intake_worker.main()


def starter(folder: Path) -> "Callable[[], subprocess.Popen[bytes]]":
    """Starts one for the center of this folder, with pipes for its input and output."""

    def start() -> "subprocess.Popen[bytes]":
        environ = {name: value for name, value in os.environ.items() if name != ENV_PASSPHRASE}
        return start_apart(
            [*program(), "intake"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            log=folder / LOG_FILE,
            environ=environ,
        )

    return start
