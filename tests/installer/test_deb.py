"""The Debian package in a bare Debian 12 without Python: it installs, shows its first window, and is a center.

`make deb-test` runs this; it takes minutes and needs root and debootstrap, and is no part of `make test`.
"""

import contextlib
import json
import os
import signal
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .bare_debian import BareDebian, why_not

ROOT = Path(__file__).resolve().parents[2]
SHOT = ROOT / "build" / "deb-first-window.png"
PASSPHRASE = "a passphrase for the test"

pytestmark = [pytest.mark.deb, pytest.mark.skipif(bool(why_not()), reason=why_not() or "can be run")]


def wait_for(look: Callable[[], Any], seconds: float, process: "subprocess.Popen[bytes]", log: Path) -> Any:
    """What `look` finds, once it finds something; fails with the log when the process ends or time is up."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        if process.poll() is not None:
            break
        time.sleep(0.2)
    pytest.fail(f"not seen within {seconds} s (exit code {process.poll()}):\n{log.read_text(errors='replace')[-4000:]}")


@contextlib.contextmanager
def ended(process: "subprocess.Popen[bytes]") -> Iterator["subprocess.Popen[bytes]"]:
    """End the process's own session afterwards, whatever happened."""
    try:
        yield process
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
                break


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> BareDebian:
    packages = sorted((ROOT / "dist").glob("silian_*.deb"))
    if not packages:
        pytest.skip("no package in dist/: make deb")
    bare = BareDebian(tmp_path_factory.mktemp("bare") / "root")
    assert not list((bare.root / "usr/bin").glob("python*")), "a bare Debian has no Python"
    package = bare.root / "silian.deb"
    package.write_bytes(packages[-1].read_bytes())
    bare.run("apt-get", "update", "-qq")
    bare.run(
        *("apt-get", "install", "-y", "-qq", "--no-install-recommends", "/silian.deb"), DEBIAN_FRONTEND="noninteractive"
    )
    bare.run("useradd", "--create-home", "clerk")
    return bare


@pytest.fixture(scope="module")
def display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A screen outside of the bare Debian, so that nothing of X is installed inside but what the package wants."""
    reading, writing = os.pipe()
    log = tmp_path_factory.mktemp("x") / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1366x768x24", "-nolisten", "tcp"],
            pass_fds=[writing],
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    os.close(writing)
    with ended(server), os.fdopen(reading) as numbers:
        yield f":{numbers.readline().strip()}"


def picture(display: str, place: Path) -> dict[str, int]:
    """Take a picture of the screen; how often each colour is in it, sampled."""
    grab = (
        "import sys; from collections import Counter; from PySide6.QtGui import QGuiApplication\n"
        "app = QGuiApplication([]); image = app.primaryScreen().grabWindow(0).toImage(); image.save(sys.argv[1])\n"
        "import json; print(json.dumps(Counter(image.pixelColor(x, y).name()"
        " for x in range(0, image.width(), 3) for y in range(0, image.height(), 3))))"
    )
    place.parent.mkdir(exist_ok=True)
    done = subprocess.run(
        [str(ROOT / ".venv/bin/python"), "-c", grab, str(place)],
        env={**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_the_terminal_shows_its_first_window(debian: BareDebian, display: str, tmp_path: Path) -> None:
    log = tmp_path / "terminal.log"
    as_clerk = ("setpriv", "--reuid=clerk", "--regid=clerk", "--init-groups")
    settings = {"DISPLAY": display, "HOME": "/home/clerk", "SILIAN_PASSPHRASE": PASSPHRASE}
    terminal = debian.start(*as_clerk, "silian", "terminal", log=log, **settings)

    def window() -> bool:
        tree = subprocess.run(
            ["xwininfo", "-root", "-tree"], env={**os.environ, "DISPLAY": display}, capture_output=True, check=False
        ).stdout
        return b'("silian" ' in tree.lower()

    seen: list[dict[str, int]] = [{}]

    def at_rest() -> dict[str, int] | None:
        """The picture once it has text in it and nothing moves any more: the program has started."""
        seen.append(picture(display, SHOT))
        return seen[-1] if len(seen[-1]) > 40 and seen[-1] == seen[-2] else None

    with ended(terminal):
        wait_for(window, 60, terminal, log)
        colours = wait_for(at_rest, 90, terminal, log)

    assert terminal.returncode in (0, -signal.SIGTERM)
    assert colours.get("#000000", 0) < sum(colours.values()) / 2, "the screen stayed black"
    assert colours.get("#1f4a78", 0) > 100, "the one filled button of the first page is not there"
    assert "Traceback" not in log.read_text(errors="replace")


def test_the_same_package_is_a_center(debian: BareDebian, tmp_path: Path) -> None:
    log = tmp_path / "center.log"
    told = debian.root / "var/lib/silian/told.json"
    debian.run("install", "-d", "-o", "silian", "-g", "silian", "-m", "0700", "/var/lib/silian")
    as_service = ("setpriv", "--reuid=silian", "--regid=silian", "--init-groups")
    options = ("--folder", "/var/lib/silian", "--port", "0", "--media-ports", "42000-42099")
    secret = {"SILIAN_PASSPHRASE": PASSPHRASE, "HOME": "/var/lib/silian"}
    announce = ("--announce", "/var/lib/silian/told.json")
    center = debian.start(*as_service, "silian", "center", *options, *announce, log=log, **secret)

    with ended(center):
        wait_for(told.exists, 60, center, log)
        url = json.loads(told.read_text(encoding="utf-8"))["url"]
        anybody = ssl.create_default_context()
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        with urllib.request.urlopen(f"{url}/healthz", context=anybody, timeout=10) as answer:
            assert "now" in json.load(answer)
        codes = debian.run(*as_service, "silian", "center", "code", "--unit", "441323", *options[:2], **secret)
        assert "惠东县政协" in codes
        hub = wait_for((debian.root / "var/lib/silian/hub.json").exists, 30, center, log)
        assert hub
    with contextlib.suppress(ProcessLookupError):
        os.kill(
            json.loads((debian.root / "var/lib/silian/hub.json").read_text(encoding="utf-8"))["pid"], signal.SIGTERM
        )


def test_the_package_removes_itself_and_leaves_the_records(debian: BareDebian) -> None:
    assert "silian" in debian.run("silian", "--version")
    debian.run("apt-get", "remove", "-y", "-qq", "silian", DEBIAN_FRONTEND="noninteractive")

    assert not (debian.root / "usr/bin/silian").exists()
    assert not (debian.root / "usr/lib/silian").exists()
    assert (debian.root / "var/lib/silian").exists()
