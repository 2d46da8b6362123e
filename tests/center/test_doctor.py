"""`silian doctor`: one line for each thing, with what to do."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desktop_app import doctor
from desktop_app.doctor import Doctor
from desktop_app.domain.ids import UnitPath
from desktop_app.main import main
from desktop_app.settings import load_settings
from media import portaudio
from sync.identity import link_check
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.identity.keystore import Stretch, open_keystore
from sync.identity.link_check import LinkReport
from ui.i18n.catalogue import read_catalogue
from ui.services import CheckLine, DeviceState

CHECKS = ["display", "fonts", "camera", "microphone", "speaker", "keyring", "disk", "center", "clock"]


class HandClock:
    def __init__(self, at: datetime = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


def lines(folder: Path, clock: HandClock | None = None, **more: Any) -> dict[str, CheckLine]:
    options = {
        "terminal.folder": str(folder),
        "media.camera": "none",
        "media.microphone": "none",
        "media.speaker": "none",
        **{key.replace("_", ".", 1): value for key, value in more.items()},
    }
    settings = load_settings(folder / "none.toml", {}, options)
    found = Doctor(settings, clock or HandClock(), {"QT_QPA_PLATFORM": "offscreen"}).check()
    assert [line.id for line in found] == CHECKS
    return {line.id: line for line in found}


@pytest.fixture
def enrolled(tmp_path: Path) -> Path:
    keys = open_keystore(tmp_path, passphrase="terminal phrase", stretch=Stretch(1, 64, 1))
    key, center = DeviceKey.generate(), DeviceKey.generate()
    unit = UnitPath("100000/440000/441300/441323/")
    DeviceIdentity(key, unit, center.id, center.public, "PEM", "https://127.0.0.1:1").save(tmp_path, keys)
    return tmp_path


def test_a_machine_in_order_has_a_good_word_for_everything(enrolled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_font_names", lambda: ["Noto Sans CJK SC"])
    monkeypatch.setattr(link_check, "look_at_center", lambda *_: LinkReport(0.012, timedelta(seconds=1)))
    found = lines(enrolled)
    assert {line.state for line in found.values()} == {DeviceState.OK}
    assert found["keyring"].detail == "passphrase"
    assert found["center"].detail == "12 ms  https://127.0.0.1:1"


def test_a_clock_that_is_off_is_told_with_both_times(enrolled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_check, "look_at_center", lambda *_: LinkReport(0.012, timedelta(days=3)))
    line = lines(enrolled)["clock"]
    assert (line.state, line.fault, set(line.values)) == (DeviceState.ADVICE, "clock-differs", {"here", "center"})


def test_a_clock_of_the_last_century_is_noticed_without_a_center(tmp_path: Path) -> None:
    assert lines(tmp_path, HandClock(datetime(1999, 1, 1, tzinfo=UTC)))["clock"].fault == "clock-unset"


def test_a_center_that_is_not_there_is_told_and_the_rest_is_still_looked_at(enrolled: Path) -> None:
    (enrolled / "identity.json").write_text(
        (enrolled / "identity.json").read_text().replace('"PEM"', json.dumps(_any_certificate(enrolled)))
    )
    line = lines(enrolled)["center"]
    assert (line.state, line.fault) == (DeviceState.FAILED, "center-unreachable")


def _any_certificate(folder: Path) -> str:
    from sync.identity.authority import Authority

    other = folder / "other"
    return Authority.open(other, open_keystore(other, passphrase="x" * 8, stretch=Stretch(1, 64, 1))).ca_pem


def test_a_machine_that_is_not_enrolled_is_told_the_next_step(tmp_path: Path) -> None:
    assert lines(tmp_path)["center"].fault == "center-unset"
    assert lines(tmp_path, terminal_center="http://x")["center"].fault == "center-address-invalid"


def test_missing_devices_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from desktop_app.domain.faults import HostFault

    def none(*_: object) -> None:
        raise HostFault("sound-library-missing")

    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'nobody'}")
    monkeypatch.setattr(portaudio, "open_input", none)
    monkeypatch.setattr(portaudio, "open_output", none)
    monkeypatch.setattr(doctor, "_font_names", lambda: ["DejaVu Sans"])
    camera = str(tmp_path / "video99")
    found = lines(tmp_path, media_microphone="auto", media_speaker="auto", media_camera=camera)
    assert (found["microphone"].fault, found["speaker"].fault) == ("sound-library-missing",) * 2
    assert found["fonts"].fault == "font-missing"
    assert found["camera"].state is DeviceState.ADVICE


@pytest.mark.parametrize(
    ("free", "state"), [(0.5, DeviceState.FAILED), (3.0, DeviceState.ADVICE), (50, DeviceState.OK)]
)
def test_little_storage_is_told_before_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, state: DeviceState
) -> None:
    import shutil
    from types import SimpleNamespace

    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free * 1e9))
    assert lines(tmp_path / "not" / "yet" / "there")["disk"].state is state


def test_no_display_is_told_with_what_to_do(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "none.toml", {}, {"terminal.folder": str(tmp_path), "media.camera": "none"})
    line = Doctor(settings, HandClock(), {})._line(
        "display", Doctor(settings, HandClock(), {})._display, DeviceState.FAILED
    )
    assert line.fault in ("display-missing", "display-library-missing")


def test_the_command_prints_a_line_for_each_check_and_its_exit_code_says_whether_a_meeting_can_be_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SILIAN_SETTINGS", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(doctor, "_font_names", lambda: ["Noto Sans CJK SC"])
    quiet = ["--folder", str(tmp_path), "--camera", "none", "--microphone", "none", "--speaker", "none"]
    assert main(["doctor", *quiet]) == 0
    assert len(capsys.readouterr().out.strip().splitlines()) == len(CHECKS)
    monkeypatch.setattr(doctor, "_font_names", list)
    assert main(["doctor", "--json", *quiet]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert [row["check"] for row in rows] == CHECKS
    assert {row["fault"] for row in rows if row["state"] == "failed"} == {"font-missing"}


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_check_has_a_name_in_both_languages(language: str) -> None:
    import ui.i18n

    names = read_catalogue(Path(ui.i18n.__file__).parent / language)
    assert all(f"doctor.{check}" in names for check in CHECKS)
