"""What `silian` says and takes before anything is started."""

import subprocess
import sys
from pathlib import Path

import pytest

from desktop_app.domain.faults import OperatorError
from desktop_app.main import COMMANDS, VERSION, main
from desktop_app.settings import (
    KEYS,
    SettingsFile,
    documented_defaults,
    env_name,
    load_settings,
    port_range,
)

HEAVY = ("PySide6", "aiortc", "av", "sqlalchemy", "cryptography", "starlette", "httpx", "keyring", "msgpack")


def test_help_names_every_command_a_person_may_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    for word in ("center", "terminal", "demo", "doctor", "settings"):
        assert f"  {word} " in told
    assert "  hub " not in told
    assert "hub" in COMMANDS


@pytest.mark.parametrize("word", sorted(COMMANDS))
def test_every_command_explains_itself(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([word, "--help"])
    assert ended.value.code == 0
    assert f"silian {word}" in capsys.readouterr().out


def test_an_unknown_command_is_told_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["centre"]) == 2
    assert "centre" in (told := capsys.readouterr().err)
    assert "center" in told


def test_the_version_is_the_distributions_own(capsys: pytest.CaptureFixture[str]) -> None:
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
    assert f'version = "{VERSION}"' in project
    assert main(["--version"]) == 0
    assert VERSION in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--help"], ["terminal", "--help"], ["center", "--help"], ["settings"]])
def test_nothing_heavy_is_imported_before_it_is_needed(words: list[str]) -> None:
    look = (
        "import sys\nfrom desktop_app.main import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_center_starts_without_the_parts_that_only_media_needs() -> None:
    heavy = "('aiortc', 'av', 'numpy')"
    look = f"import sys, desktop_app.center.app; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_fault_ends_a_command_with_one_sentence_and_its_id(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SILIAN_SETTINGS", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert main(["center", "backup", "--folder", str(tmp_path), "--to", str(tmp_path / "x.db")]) == 1
    told = capsys.readouterr().err
    assert len(told.strip().splitlines()) == 1
    assert "[center-missing]" in told


# settings


def test_a_setting_comes_from_the_option_the_environment_the_file_or_the_default_in_this_order(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[center]\nport = 1001\nhost = '10.0.0.1'\nunit = '441300'\n", "utf-8")
    environ = {"SILIAN_CENTER_PORT": "1002", "SILIAN_CENTER_HOST": "10.0.0.2"}
    found = load_settings(file, environ, {"center.port": "1003", "center.host": None}).center
    assert (found.port, found.host, found.unit, found.engine) == (1003, "10.0.0.2", "441300", "hub")


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_setting_is_documented_and_taken_from_the_environment(key: str, tmp_path: Path) -> None:
    assert KEYS[key].metadata["doc"]
    choices = KEYS[key].metadata["choices"]
    value = choices[-1] if choices else 7 if isinstance(KEYS[key].default, int) else "some text"
    assert load_settings(tmp_path / "none", {env_name(key): str(value)}).get(key) == value


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"[center]\nport = 'many'\n", "setting-invalid"),
        (b"[center]\nport = true\n", "setting-invalid"),
        (b"[center]\nprot = 1\n", "setting-unknown"),
        (b"port = 1\n", "setting-unknown"),
        (b"[ui]\ntheme = 'purple'\n", "setting-invalid"),
        (b"[center\n", "settings-unreadable"),
        (b"\xff\xfe", "settings-unreadable"),
    ],
)
def test_a_wrong_settings_file_is_named_and_left_as_it_is(tmp_path: Path, content: bytes, fault: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(content)
    with pytest.raises(OperatorError, match=fault) as caught:
        load_settings(file, {})
    assert str(file) in str(caught.value)
    assert file.read_bytes() == content


def test_the_documented_defaults_are_a_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(documented_defaults(), "utf-8")
    assert load_settings(file, {}) == load_settings(tmp_path / "none", {})


def test_what_a_window_changes_is_kept_and_the_rest_stays(tmp_path: Path) -> None:
    file = tmp_path / "silian" / "settings.toml"
    kept = SettingsFile(file, load_settings(file, {}))
    kept.set("ui.theme", "dark")
    kept.set("media.microphone", 'USB "高清" \\ mic\n')
    with pytest.raises(OperatorError, match="setting-invalid"):
        kept.set("ui.theme", "purple")
    with pytest.raises(KeyError):
        kept.set("ui.colour", "red")
    assert kept.get("ui.theme") == "dark"
    again = load_settings(file, {})
    assert (again.ui.theme, again.media.microphone) == ("dark", 'USB "高清" \\ mic\n')


@pytest.mark.parametrize("text", ["", "40000", "40199-40000", "80-90", "40000-70000", "a-b", "-1-5", "４0000-40001"])
def test_a_range_of_ports_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(OperatorError, match="setting-invalid"):
        port_range(text)
    assert port_range("40000-40199") == (40000, 40199)
