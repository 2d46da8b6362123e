"""A PulseAudio daemon of a test's own, in a folder of its own, with wires for devices: what is played into a wire's
loudspeaker is heard from its microphone."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

needs_pulseaudio = pytest.mark.skipif(
    shutil.which("pulseaudio") is None or shutil.which("pactl") is None,
    reason="pulseaudio is not installed (sh installer/setup.sh test, as root)",
)


class SoundServer:
    """`environment` is what a program needs to reach it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._child: subprocess.Popen[bytes] | None = None
        self._modules: dict[str, list[str]] = {}
        self.environment = {"PULSE_SERVER": f"unix:{folder / 'native'}", "PULSE_COOKIE": str(folder / "cookie")}

    def start(self) -> None:
        places = ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH")
        environment = {**os.environ, **dict.fromkeys(places, str(self.folder)), **self.environment}
        environment.pop("PULSE_SERVER")
        door = f"module-native-protocol-unix socket={self.folder / 'native'} auth-anonymous=1"
        with (self.folder / "pulseaudio.log").open("ab") as log:
            self._child = subprocess.Popen(
                ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes",
                 "--high-priority=no", "--realtime=no", "-L", door],
                env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        give_up = time.monotonic() + 20
        while self._pactl("info").returncode:
            if time.monotonic() > give_up or self._child.poll() is not None:
                raise AssertionError((self.folder / "pulseaudio.log").read_text()[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def plug_in(self, name: str, title: str) -> None:
        """A loudspeaker `<name>` and a microphone `<name>-mic` that hears it."""
        self._modules[name] = [
            self._load("module-null-sink", f"sink_name={name}", f"sink_properties=\"device.description='{title}'\""),
            self._load(
                "module-remap-source",
                f"source_name={name}-mic",
                f"master={name}.monitor",
                f"source_properties=\"device.description='{title} mic'\"",
            ),
        ]

    def pull_out(self, name: str) -> None:
        for module in reversed(self._modules.pop(name)):
            self._pactl("unload-module", module)

    def _load(self, *words: str) -> str:
        done = self._pactl("load-module", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _pactl(self, *words: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, **self.environment}
        return subprocess.run(["pactl", *words], env=environment, capture_output=True, text=True, timeout=20)
