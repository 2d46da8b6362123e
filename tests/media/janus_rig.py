"""A real Janus for tests: Debian's package in a network namespace of the test's own, with a made configuration.

Janus gathers no loopback addresses, so it gets a veth pair. The main thread enters the namespace for the test and goes
back: sockets opened there stay there, and nothing can leave it.
"""

import asyncio
import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from media.engine.janus_config import JanusPlan, JanusSecrets, config_files
from media.engine.janus_engine import JanusAddress, JanusEngine

SECRETS = JanusSecrets.derive(b"a secret of the tests")
CLONE_NEWNET = 0x40000000


def why_not() -> str:
    """What this machine lacks for Janus, or nothing."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "Janus needs an address that is not loopback: a network namespace, which only root makes"
    lacking = [name for name in ("janus", "ip") if shutil.which(name) is None]
    if lacking:
        return f"{' and '.join(lacking)} not installed (sh installer/setup.sh test)"
    return ""


needs_janus = pytest.mark.skipif(bool(why_not()), reason=why_not() or "Janus is there")


@contextlib.contextmanager
def own_network(*addresses: str) -> Iterator[None]:
    """Everything this thread opens within is in a network of its own with these addresses."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(CLONE_NEWNET) != 0:
            pytest.skip("this machine allows no network namespaces")
        commands = ["ip link set lo up"]
        for number, address in enumerate(addresses):  # Janus takes an interface's first address, whichever it is told
            here, there = f"silian{number}", f"silian{number}p"
            commands += [f"ip link add {here} type veth peer name {there}", f"ip addr add {address}/32 dev {here}"]
            commands += [f"ip link set {here} up", f"ip link set {there} up"]
        for command in commands:
            subprocess.run(command.split(), check=True)
        yield
    finally:
        libc.setns(home, CLONE_NEWNET)
        os.close(home)


class Janus:
    """One Janus process; `number` tells several apart."""

    def __init__(self, folder: Path, number: int = 1) -> None:
        self.folder = folder / f"janus-{number}"
        self.media = f"10.77.0.{number}"
        self.address = JanusAddress(self.media if number > 1 else "127.0.0.1", 18_100 + number, 17_100 + number)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        plan = JanusPlan(
            SECRETS,
            (self.media,),
            api_host=self.address.host,
            api_port=self.address.api_port,
            admin_port=self.address.admin_port,
        )
        for name, text in config_files(plan).items():
            (self.folder / name).write_text(text)
        with (self.folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                "janus", "-F", str(self.folder), "--disable-colors", stdout=log, stderr=log
            )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None

    def engine(self, *, remembers: bool = False) -> JanusEngine:
        state = self.folder / "state.json" if remembers else None
        return JanusEngine(address=self.address, secrets=SECRETS, state=state)
