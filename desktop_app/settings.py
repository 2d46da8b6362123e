"""Settings: a TOML file in the platform's own place, each overridden by `SILIAN_<SECTION>_<NAME>` and by an option.

This module is the one list of what can be set, with what each means and its default. Nothing secret is ever a
setting: the passphrase comes from a prompt or from `SILIAN_PASSPHRASE`.
"""

import argparse
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

import platformdirs

from desktop_app.domain.faults import HostFault, OperatorError

APP = "silian"
ENV_FILE = "SILIAN_SETTINGS"
ENV_PASSPHRASE = "SILIAN_PASSPHRASE"


def _setting(default: Any, doc: str, *choices: str) -> Any:
    return field(default=default, metadata={"doc": doc, "choices": choices})


@dataclass(frozen=True, slots=True)
class CenterSettings:
    """The provincial center."""

    folder: str = _setting("", "where its stores are; empty: the platform's own place")
    host: str = _setting("127.0.0.1", "the address it listens on; terminals reach media at the same address")
    port: int = _setting(8443, "TCP port; 0 takes a free one")
    engine: str = _setting("hub", "what forwards the media", "hub", "janus")
    engines: str = _setting(
        "", "the Janus engines: name=unit@address, comma-separated, such as huizhou=441300@10.9.0.2; empty: one here"
    )
    hub: str = _setting("own", "who starts the media hub: the center, or a service of the system", "own", "service")
    media_ports: str = _setting("40000-40199", "UDP ports of the media, first-last")
    media_host: str = _setting("", "the address on which media is taken; empty: the address it listens on")
    relay: str = _setting(
        "",
        "host:port of a coturn for sites behind a strict firewall; :port: on the center's host; empty: none",
    )
    unit: str = _setting("440000", "the GB/T 2260 code of the unit whose center it is")
    database: str = _setting(
        "", "postgresql://user@host:port/name for the records; empty: an encrypted file in the folder"
    )
    blob_quota: int = _setting(20_480, "MiB of attachments and recordings that one unit may keep at the center")
    blob_reserve: int = _setting(512, "MiB of the disk that attachments and recordings always leave to the records")
    recordings: str = _setting("", "where the engine writes what is recorded; empty: in the center's folder")
    recording_retention: str = _setting("D10", "how long recordings are to be kept (保管期限)", "Y", "D30", "D10")
    chair_grace: int = _setting(180, "seconds for which the chair is kept for a site that dropped")


@dataclass(frozen=True, slots=True)
class TerminalSettings:
    """A terminal."""

    folder: str = _setting("", "where its store is; empty: the platform's own place")
    center: str = _setting("", "the center's address for the first enrolment, host:port")
    idle_lock: int = _setting(15, "minutes without a key until the terminal locks; 0: never")
    door_address: str = _setting("auto", "where members sign in by phone: auto, or this machine's address in the room")
    door_port: int = _setting(8460, "TCP port of the sign-in by phone; 0 takes a free one")


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """Camera, microphone and speaker."""

    camera: str = _setting("auto", "auto, none (a drawn card), a device's name, or a video file")
    microphone: str = _setting("auto", "auto, none, a device's name, or a sound file")
    speaker: str = _setting("auto", "auto, none (silent), or a device's name")
    camera_name: str = _setting("", "what the chosen camera is called, for when it is away")
    microphone_name: str = _setting("", "what the chosen microphone is called")
    speaker_name: str = _setting("", "what the chosen loudspeaker is called")
    sound: str = _setting(
        "clean", "clean: echo and noise are taken out, the level evened; raw: as heard", "clean", "raw"
    )
    relay: str = _setting("auto", "whether media goes by the center's relay", "auto", "always", "never")


@dataclass(frozen=True, slots=True)
class UiSettings:
    """What the windows look like."""

    language: str = _setting("zh_CN", "the language of the windows", "zh_CN", "en")
    theme: str = _setting("system", "light, dark, or as the desktop has it", "system", "light", "dark")
    room_theme: str = _setting("dark", "the room's display: light or dark, whatever the desk has", "dark", "light")
    text_size: str = _setting("standard", "标准, 大字, 特大", "standard", "large", "larger")


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is written down about the program itself."""

    level: str = _setting("info", "how much", "debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them, as they hold in this process."""

    center: CenterSettings = CenterSettings()
    terminal: TerminalSettings = TerminalSettings()
    media: MediaSettings = MediaSettings()
    ui: UiSettings = UiSettings()
    log: LogSettings = LogSettings()

    @property
    def center_folder(self) -> Path:
        return Path(self.center.folder) if self.center.folder else _data_folder() / "center"

    @property
    def terminal_folder(self) -> Path:
        return Path(self.terminal.folder) if self.terminal.folder else _data_folder() / "terminal"

    def get(self, key: str) -> Any:
        """The value of `section.name`; KeyError for a name that is not a setting."""
        section, _, name = key.partition(".")
        if key not in KEYS:
            raise KeyError(key)
        return getattr(getattr(self, section), name)


def _data_folder() -> Path:
    return Path(platformdirs.user_data_dir(APP, appauthor=False))


def _keys() -> dict[str, Any]:
    found = {}
    for section in fields(Settings):
        if is_dataclass(section.default):
            found.update({f"{section.name}.{item.name}": item for item in fields(section.default)})
    return found


KEYS: dict[str, Any] = _keys()
"""`section.name` of every setting, and its field: default, metadata `doc` and `choices`."""


def settings_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the settings are read from."""
    named = environ.get(ENV_FILE)
    return Path(named) if named else Path(platformdirs.user_config_dir(APP, appauthor=False)) / "settings.toml"


def env_name(key: str) -> str:
    """`SILIAN_CENTER_PORT` for `center.port`."""
    return f"SILIAN_{key.replace('.', '_').upper()}"


def load_settings(
    file: Path | None = None, environ: Mapping[str, str] = os.environ, options: Mapping[str, Any] | None = None
) -> Settings:
    """Defaults, then the file, then the environment, then `options` (by `section.name`; None is not given).

    OperatorError `settings-unreadable` or `setting-invalid` names the place; a setting that is not known is refused
    in the file, so that a misspelt one is not silently without effect.
    """
    path = file or settings_file(environ)
    values: dict[str, Any] = {}
    for key, value in _read(path).items():
        if key not in KEYS:
            raise OperatorError("setting-unknown", key=key, source=str(path))
        values[key] = _checked(key, value, str(path))
    for key in KEYS:
        if (given := environ.get(env_name(key))) is not None:
            values[key] = _checked(key, given, env_name(key))
        if options and options.get(key) is not None:
            values[key] = _checked(key, options[key], option_name(key))

    def of(section: str) -> dict[str, Any]:
        prefix = section + "."
        return {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}

    return Settings(
        CenterSettings(**of("center")),
        TerminalSettings(**of("terminal")),
        MediaSettings(**of("media")),
        UiSettings(**of("ui")),
        LogSettings(**of("log")),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        body = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise OperatorError("settings-unreadable", file=str(path), reason=str(err)[:200]) from err
    return {
        f"{section}.{name}" if isinstance(held, dict) else section: value
        for section, held in body.items()
        for name, value in (held.items() if isinstance(held, dict) else (("", held),))
    }


def _checked(key: str, value: Any, source: str) -> Any:
    wanted, choices = type(KEYS[key].default), KEYS[key].metadata["choices"]
    try:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueError
        taken = int(value) if wanted is int else str(value)
        if choices and taken not in choices:
            raise ValueError
    except ValueError as err:
        allowed = " | ".join(choices) or {int: "a whole number", str: "text"}[wanted]
        raise OperatorError("setting-invalid", key=key, value=str(value)[:80], wanted=allowed, source=source) from err
    return taken


class SettingsFile:
    """This machine's settings as a window changes them: what is in force, and the file that keeps it."""

    def __init__(self, file: Path, settings: Settings) -> None:
        self._file = file
        self._changed: dict[str, Any] = {}
        self._settings = settings

    def get(self, key: str) -> Any:
        """KeyError for a name that is not a setting."""
        return self._changed.get(key, self._settings.get(key))

    def set(self, key: str, value: Any) -> None:
        """In force at the next reading, and kept; OperatorError `setting-invalid`, HostFault `disk-failing`."""
        if key not in KEYS:
            raise KeyError(key)
        taken = _checked(key, value, str(self._file))
        text = as_toml(_read(self._file) | {key: taken})
        draft = self._file.with_name(self._file.name + ".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(text, "utf-8")
            os.replace(draft, self._file)
        except OSError as err:
            raise HostFault("disk-failing", folder=str(self._file.parent)) from err
        self._changed[key] = taken


def as_toml(values: Mapping[str, Any]) -> str:
    """A settings file with these values; each known one is preceded by what it means."""
    lines: list[str] = []
    section = ""
    for key in sorted(values, key=lambda key: (list(KEYS).index(key) if key in KEYS else len(KEYS), key)):
        head, _, name = key.partition(".")
        if head != section:
            lines += ([""] if lines else []) + [f"[{head}]"]
            section = head
        if key in KEYS:
            lines.append(f"# {describe(key)}")
        lines.append(f"{name} = {_toml(values[key])}")
    return "\n".join(lines) + "\n"


def describe(key: str) -> str:
    """One line on a setting, with its choices."""
    choices = KEYS[key].metadata["choices"]
    return str(KEYS[key].metadata["doc"]) + (f" ({' | '.join(choices)})" if choices else "")


def documented_defaults() -> str:
    """A whole settings file, every setting at its default: what `silian settings` prints."""
    return as_toml({key: item.default for key, item in KEYS.items()})


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    escaped = "".join(f"\\u{ord(c):04X}" if c in '"\\' or ord(c) < 32 or ord(c) == 127 else c for c in str(value))
    return f'"{escaped}"'


def add_setting_options(parser: argparse.ArgumentParser, *sections: str) -> None:
    """An option for every setting of these sections: `--media-ports` for `center.media_ports`."""
    group = parser.add_argument_group("settings", "each overrides the settings file for this run")
    for key, item in KEYS.items():
        if key.partition(".")[0] in sections:
            default = f" (default: {item.default})" if item.default != "" else ""
            group.add_argument(option_name(key), dest=key, metavar="X", help=f"{describe(key)}{default}")


def option_name(key: str) -> str:
    """`--media-ports` for `center.media_ports`; two that would say too little have longer names."""
    longer = {"log.level": "--log-level", "center.unit": "--center-unit"}
    return longer.get(key, f"--{key.partition('.')[2].replace('_', '-')}")


def settings_of(options: argparse.Namespace, *sections: str) -> Settings:
    """The settings of this run, with the options that `add_setting_options` made."""
    given = {key: getattr(options, key, None) for key in KEYS if key.partition(".")[0] in sections}
    return load_settings(options=given)


def port_range(text: str) -> tuple[int, int]:
    """`40000-40199` as its two ends; OperatorError `setting-invalid` for anything else."""
    first, _, last = text.partition("-")
    if text.isascii() and first.isdecimal() and last.isdecimal() and 1024 <= int(first) <= int(last) <= 65535:
        return int(first), int(last)
    raise OperatorError(
        "setting-invalid", key="center.media_ports", value=text[:80], wanted="first-last, from 1024 to 65535"
    )
