"""`silian doctor`: looks at this machine and the link to the center; one line each, with what to do.

The same checks stand on the diagnostics page. Nothing is changed, and every device is let go again at once.
"""

import argparse
import ctypes
import ctypes.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desktop_app.domain.clock import BEIJING, Clock, SystemClock
from desktop_app.domain.faults import Fault, HostFault, OperatorError
from desktop_app.main import reader_language
from desktop_app.settings import ENV_PASSPHRASE, Settings, add_setting_options, settings_of
from ui.services import CheckLine, DeviceState

SECTIONS = ("terminal", "media", "log")
LEAST_FREE, GOOD_FREE = 1.0, 5.0
"""GB: below the first nothing new can be promised, below the second somebody should make room."""
NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
CLOCK_OFF = timedelta(minutes=1)
CHINESE_FONTS = ("noto sans cjk", "source han sans", "microsoft yahei", "wenquanyi", "simsun", "droid sans fallback")
_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
}
Environment = Mapping[str, str]


class Doctor:
    """The checks of one machine; `check` may take some seconds."""

    def __init__(self, settings: Settings, clock: Clock, environ: Environment = os.environ) -> None:
        self._settings = settings
        self._clock = clock
        self._environ = environ
        self._offset: timedelta | None = None

    def check(self, only: Container[str] | None = None) -> Sequence[CheckLine]:
        """Every line, or these alone, in the order in which a person would look."""
        looks = (
            ("display", self._display, DeviceState.FAILED),
            ("fonts", self._fonts, DeviceState.FAILED),
            ("camera", self._camera, DeviceState.ADVICE),
            ("microphone", self._microphone, DeviceState.FAILED),
            ("speaker", self._speaker, DeviceState.FAILED),
            ("keyring", self._keyring, DeviceState.ADVICE),
            ("disk", self._disk, DeviceState.FAILED),
            ("center", self._center, DeviceState.FAILED),
            ("clock", self._time, DeviceState.ADVICE),
        )
        return [self._line(name, look, worst) for name, look, worst in looks if only is None or name in only]

    def _line(self, name: str, look: Callable[[], str], worst: DeviceState) -> CheckLine:
        try:
            return CheckLine(name, DeviceState.OK, look())
        except _Advice as advice:
            return CheckLine(name, DeviceState.ADVICE, fault=advice.fault.id, values=advice.fault.values)
        except Fault as fault:
            return CheckLine(name, worst, fault=fault.id, values=fault.values)

    def _display(self) -> str:
        platform = self._environ.get("QT_QPA_PLATFORM", "")
        if platform in ("offscreen", "minimal", "vnc"):
            return platform
        if sys.platform == "win32":
            return "windows"
        wayland = self._environ.get("WAYLAND_DISPLAY")
        if wayland:
            if (Path(self._environ.get("XDG_RUNTIME_DIR", "/run")) / wayland).exists():
                return f"wayland {wayland}"
            raise HostFault("display-missing")
        for library, package in _LIBRARIES.items():
            if not _loads(library):
                raise HostFault("display-library-missing", library=library, package=package)
        display = self._environ.get("DISPLAY")
        if not display or not _x11_answers(display):
            raise HostFault("display-missing")
        return f"X11 {display}"

    def _fonts(self) -> str:
        for name in _font_names():
            if any(wanted in name.lower() for wanted in CHINESE_FONTS):
                return name
        raise HostFault("font-missing")

    def _camera(self) -> str:
        chosen = self._settings.media.camera
        if chosen == "none":
            return "none"
        if chosen != "auto" and Path(chosen).is_file():
            return Path(chosen).name
        if sys.platform != "win32":
            for device in sorted(Path("/dev").glob("video*")):
                if not os.access(device, os.R_OK | os.W_OK):
                    raise HostFault("camera-forbidden", device=str(device))
        from media.capture.pictures import CameraSource

        camera = CameraSource("" if chosen == "auto" else chosen)
        camera.open()
        try:
            picture = camera.read()
            return f"{picture.width}x{picture.height}"
        finally:
            camera.close()

    def _microphone(self) -> str:
        chosen = self._settings.media.microphone
        if chosen == "none" or Path(chosen).is_file():
            return Path(chosen).name
        from media.devices.sound import open_input

        open_input("" if chosen == "auto" else chosen, lambda _: None, lambda: None).close()
        return chosen

    def _speaker(self) -> str:
        chosen = self._settings.media.speaker
        if chosen == "none":
            return chosen
        from media.devices.sound import open_output

        open_output("" if chosen == "auto" else chosen, lambda: bytes(1920), lambda: None).close()
        return chosen

    def _keyring(self) -> str:
        from sync.identity.keystore import kept_by, safe_backend

        kind = kept_by(self._settings.terminal_folder)
        if kind == "passphrase" or (not kind and self._environ.get(ENV_PASSPHRASE)):
            return "passphrase"
        backend = safe_backend()
        if backend is None:
            raise HostFault("keyring-missing")
        return str(backend.name)

    def _disk(self) -> str:
        folder = self._settings.terminal_folder
        held = next(each for each in (folder, *folder.parents) if each.is_dir())
        try:
            with tempfile.TemporaryFile(dir=held) as probe:
                probe.write(b"silian")
            free = shutil.disk_usage(held).free / 1e9
        except OSError as err:
            raise HostFault("disk-readonly", folder=str(held)) from err
        if free < LEAST_FREE:
            raise HostFault("disk-nearly-full", free=f"{free:.1f}")
        if free < GOOD_FREE:
            raise _Advice(HostFault("disk-nearly-full", free=f"{free:.1f}"))
        return f"{free:.0f} GB"

    def _center(self) -> str:
        from sync.identity.device import trusted_center
        from sync.identity.enrolment import center_url
        from sync.identity.link_check import look_at_center

        trusted = trusted_center(self._settings.terminal_folder)
        if trusted is not None:
            url, ca_pem = trusted
            found = look_at_center(url, ca_pem, self._clock)
            self._offset = found.clock_offset
            return f"{found.seconds * 1000:.0f} ms  {url}"
        if not self._settings.terminal.center:
            raise _Advice(OperatorError("center-unset"))
        url = center_url(self._settings.terminal.center)
        self._offset = look_at_center(url, None, self._clock).clock_offset
        raise _Advice(OperatorError("not-enrolled"))

    def _time(self) -> str:
        now = self._clock.now()
        if self._offset is not None and abs(self._offset) > CLOCK_OFF:
            raise OperatorError("clock-differs", here=_local(now), center=_local(now + self._offset))
        if now < NOT_BEFORE:
            raise OperatorError("clock-unset", now=_local(now))
        return _local(now)


class _Advice(Exception):
    """A fault with which one can hold a meeting all the same."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


def _local(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _x11_answers(display: str) -> bool:
    try:
        xcb = ctypes.CDLL(ctypes.util.find_library("xcb") or "libxcb.so.1")
    except OSError:
        return False
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = xcb.xcb_connect(display.encode(), None)
    try:
        return not xcb.xcb_connection_has_error(ctypes.c_void_p(connection))
    finally:
        xcb.xcb_disconnect(ctypes.c_void_p(connection))


def _font_names() -> list[str]:
    if sys.platform == "win32":
        fonts = Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"
        return ["Microsoft YaHei" for _ in fonts.glob("msyh*")]
    try:
        listed = subprocess.run(
            ["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.split(",")[0].strip() for line in listed.stdout.splitlines() if line.strip()]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "exit code: 0 when a meeting can be held, 1 when something must be mended first"
    parser.add_argument("--json", action="store_true", help="print one JSON list instead of lines")
    add_setting_options(parser, *SECTIONS)


def run(options: argparse.Namespace) -> int:
    lines = Doctor(settings_of(options, *SECTIONS), SystemClock()).check()
    if options.json:
        rows = [
            {
                "check": line.id,
                "state": line.state.value,
                "detail": line.detail,
                "fault": line.fault,
                "values": line.values,
            }
            for line in lines
        ]
        print(json.dumps(rows, ensure_ascii=False, default=str))
    else:
        _print(lines)
    return 1 if any(line.state is DeviceState.FAILED for line in lines) else 0


_MARKS = {DeviceState.OK: "ok", DeviceState.ADVICE: "advice", DeviceState.FAILED: "FAILED"}


def _print(lines: Sequence[CheckLine]) -> None:
    from ui.i18n import fault_text, set_language, t

    set_language(reader_language())
    for line in lines:
        text = fault_text(OperatorError(line.fault, **line.values)) if line.fault else line.detail
        print(f"{_MARKS[line.state]:<7} {t(f'doctor.{line.id}')}: {text}")
