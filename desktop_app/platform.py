"""What differs between operating systems: processes that outlive us, and ending a process."""

import ctypes
import getpass
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_STILL_ACTIVE = 259
_QUERY = 0x1000
_TERMINATE = 0x0001
_BELOW_NORMAL = 0x4000
GIVEN_WAY = 5
"""How much less urgent a process is that gives way, as `nice` counts it."""


def start_apart(
    command: Sequence[str],
    *,
    stdin: int | IO[bytes] | None,
    log: Path,
    stdout: int | None = None,
    environ: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a process in a session of its own, which lives on when ours, or its whole process group, is ended.

    What it prints is appended to `log`, but for its `stdout` where that is asked for.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        if sys.platform == "win32":
            flags = (
                subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_BREAKAWAY_FROM_JOB
            )
            return subprocess.Popen(
                command, stdin=stdin, stdout=stdout or output, stderr=output, env=environ, creationflags=flags
            )
        return subprocess.Popen(
            command, stdin=stdin, stdout=stdout or output, stderr=output, env=environ, start_new_session=True
        )


def give_way() -> None:
    """Let other processes go before this one. Linux schedules a session as one, so its group is told too."""
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _BELOW_NORMAL)
        return
    os.nice(GIVEN_WAY)
    with suppress(OSError):  # another system, or one without such groups
        Path("/proc/self/autogroup").write_text(str(GIVEN_WAY), "ascii")


def is_alive(pid: int) -> bool:
    """Whether a process of this number runs; a zombie does not."""
    if pid <= 0:
        return False
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(_QUERY, False, pid)
        if not handle:
            return False
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return code.value == _STILL_ACTIVE
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state != "Z"


def processor_seconds(pid: int) -> float:
    """What a running process has taken of all processors so far, at the system's ticks; 0 where it cannot be told."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def end_process(pid: int, *, at_once: bool = False) -> None:
    """Ask one process to end, or end it at once; nothing happens when it is gone."""
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(_TERMINATE, False, pid)
        if handle:
            kernel.TerminateProcess(handle, 1)
            kernel.CloseHandle(handle)
        return
    try:
        os.kill(pid, signal.SIGKILL if at_once else signal.SIGTERM)
    except ProcessLookupError:
        return


def end_on_terminate() -> None:
    """Take being told to end like Ctrl+C: `with` blocks are left in order. For the main thread of a command."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


@contextmanager
def when_told_to_end(stop: Callable[[], None]) -> Iterator[None]:
    """While this lasts, Ctrl-C and the system's request to end call `stop` instead of ending the process."""
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    held = {
        number: signal.signal(number, lambda *_: stop()) for name in names if (number := getattr(signal, name, None))
    }
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """What is in this block is not broken off by Ctrl+C or by being told to end. For the main thread; others pass."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)


def program() -> list[str]:
    """The command that runs this very program again: frozen, or through the interpreter."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "desktop_app.main"]


def account() -> str:
    """Whoever runs this program on which machine, as the audit log names them: `gd-admin@center-1`."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name
        name = "?"
    return f"{name}@{socket.gethostname()}"
