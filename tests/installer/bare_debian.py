"""A bare Debian 12 in a folder, made by debootstrap, and commands run inside it. For root on a Debian machine only."""

import os
import shutil
import subprocess
from pathlib import Path

_ENTER = r"""
set -e
root=$1; shift
mount --make-rprivate /
mount --bind /proc "$root/proc"
mount --bind /dev "$root/dev"
mkdir -p "$root/tmp/.X11-unix"
if [ -d /tmp/.X11-unix ]; then mount --bind /tmp/.X11-unix "$root/tmp/.X11-unix"; fi
cp /etc/resolv.conf /etc/hosts "$root/etc/"
exec chroot "$root" "$@"
"""


def why_not() -> str:
    """Why a bare Debian cannot be made here; empty where it can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "needs root"
    for tool in ("debootstrap", "unshare", "chroot", "Xvfb", "xwininfo"):
        if shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
            return f"needs {tool}"
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        return "needs the right to mount"
    return ""


class BareDebian:
    """Nothing but what debootstrap's smallest variant brings; each command sees mounts of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        made = subprocess.run(
            ["debootstrap", "--variant=minbase", "bookworm", str(root)],
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
            check=False,
        )
        if made.returncode:
            raise RuntimeError(f"debootstrap: {made.stdout[-2000:]}{made.stderr[-2000:]}")

    def command(self, *words: str, **environment: str) -> list[str]:
        """The words that run this inside, with this environment and no other."""
        settings = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", **environment}
        inside = ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in settings.items()), *words]
        return ["unshare", "-m", "sh", "-c", _ENTER, "enter", str(self.root), *inside]

    def run(self, *words: str, timeout: float = 600, **environment: str) -> str:
        """What it printed; RuntimeError with all of it where it failed."""
        done = subprocess.run(
            self.command(*words, **environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout[-4000:]}")
        return done.stdout

    def start(self, *words: str, log: Path, **environment: str) -> "subprocess.Popen[bytes]":
        """Start it in a session of its own; what it prints goes to `log`."""
        with log.open("wb") as output:
            return subprocess.Popen(
                self.command(*words, **environment), stdout=output, stderr=output, start_new_session=True
            )
