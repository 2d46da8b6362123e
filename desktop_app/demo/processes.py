"""The processes of one run: started together, watched by what they write, and always ended together."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from desktop_app.domain.faults import HostFault
from desktop_app.platform import processor_seconds, program, undisturbed

END_SECONDS = 8.0


def part(name: str) -> list[str]:
    """The command of one part of the demonstration: `forwarder`, `player`, `summary` or `warden`."""
    return [*program(), "demo", "--part", name]


class Child:
    """One process of this program, in a session of its own, with its output in a file.

    Its standard input is a pipe that only ends with us, so that a child that reads it ends when we are killed.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        output: Path,
        environment: Mapping[str, str],
        secret: bool = False,
    ) -> None:
        self.name = name
        self.output = output
        self._ends_with_input = "--part" in command
        self._file: IO[bytes] = output.open("ab")
        self._secret = secret
        """What it prints is for us alone; only its errors go to the file."""
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._file,
            env={**os.environ, **environment, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True, name=f"{name} output")
        self._reader.start()

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        for raw in self._process.stdout:
            if not self._secret:
                self._file.write(raw)
                self._file.flush()
            with self._news:
                self._lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def processor_seconds(self) -> float:
        """What it has taken so far."""
        return processor_seconds(self.pid)

    @property
    def code(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.poll()

    def say(self, line: str) -> None:
        """Write one line to its input."""
        if self._process.stdin is not None:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def ask(self, line: str, within: float = 10.0) -> dict[str, Any]:
        """Write one line and wait for the JSON line that answers it."""
        seen = len(self._lines)
        self.say(line)
        answer: dict[str, Any] = json.loads(self.wait_line(lambda text: text.startswith("{"), within, since=seen))
        return answer

    def wait_line(self, wanted: Callable[[str], bool], within: float, since: int = 0) -> str:
        """The first line of output that is wanted; HostFault "demo-process-ended" or "demo-too-slow" otherwise."""
        deadline = time.monotonic() + within
        with self._news:
            while True:
                for line in self._lines[since:]:
                    if wanted(line):
                        return line
                if self.code is not None and not self._reader.is_alive():
                    raise HostFault("demo-process-ended", process=self.name, code=self.code, output=str(self.output))
                if time.monotonic() > deadline:
                    raise HostFault("demo-too-slow", process=self.name, output=str(self.output))
                self._news.wait(0.1)

    def wait(self, within: float) -> int | None:
        """The exit code, or None if it still runs after `within` seconds."""
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            return None

    def ask_to_end(self) -> None:
        """Close its input, and where it does not listen to that, tell it to stop in the platform's way."""
        if not self._ends_with_input and self._process.poll() is None:
            self._process.terminate()
        if self._process.stdin is not None:
            try:
                self._process.stdin.close()
            except OSError:  # it was gone already, with something still unread
                return

    def kill(self) -> None:
        """End it at once, without a chance to tidy up."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join(2)
        self._file.close()


class Company:
    """Everybody who was started; leaving the `with` block ends them all, the last first, whatever happened."""

    def __init__(self) -> None:
        self._children: list[Child] = []
        self._farewells: list[Callable[[], None]] = []

    def __enter__(self) -> "Company":
        return self

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        output: Path,
        environment: Mapping[str, str],
        secret: bool = False,
    ) -> Child:
        child = Child(name, command, output=output, environment=environment, secret=secret)
        self._children.append(child)
        return child

    def at_end(self, farewell: Callable[[], None]) -> None:
        """Something else to end, after the children."""
        self._farewells.append(farewell)

    def __iter__(self) -> Iterator[Child]:
        return iter(self._children)

    def __exit__(self, *_: object) -> None:
        with undisturbed():
            for child in reversed(self._children):
                child.ask_to_end()
            deadline = time.monotonic() + END_SECONDS
            for child in reversed(self._children):
                child.wait(max(0.1, deadline - time.monotonic()))
                child.kill()
            for farewell in self._farewells:
                farewell()
