"""What the screens ask of this machine: its devices, the self-test, the doctor and the terminal's own settings."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from desktop_app.domain.faults import Fault
    from media.frames import FrameSource


class DeviceKind(StrEnum):
    """What home tells about this machine."""

    NETWORK = "network"
    MICROPHONE = "microphone"
    SPEAKER = "speaker"
    CAMERA = "camera"
    STORAGE = "storage"
    CLOCK = "clock"


class DeviceState(StrEnum):
    """正常 / 建议处理 / 不能用."""

    OK = "ok"
    ADVICE = "advice"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """One line of the self-test.

    `detail` is what was found, in words that are the same in every language (a device's name, `61 GB`); `fault` is the
    id of the sentence that says what to do, empty where all is well, and `values` are its places.
    """

    kind: DeviceKind
    state: DeviceState
    detail: str = ""
    fault: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """One line of a list of devices. `setting` is `auto`, `none`, or what opens the device; `name` is for people."""

    setting: str
    name: str
    is_here: bool = True


class Trial(Protocol):
    """Camera and microphone, open for a person who tries them."""

    @property
    def preview(self) -> FrameSource: ...

    def close(self) -> None: ...


class DeviceDesk(Protocol):
    """Camera, microphone and loudspeaker of this room. A running meeting follows what is chosen here."""

    def listen(self, changed: Callable[[], object]) -> Callable[[], None]:
        """`changed` is called, on another thread, when a device comes or goes; what is returned ends that."""
        ...

    def choices(self, kind: DeviceKind) -> Sequence[DeviceChoice]:
        """What may be chosen: the system's own choice, what is there, none; and the chosen one where it is away."""
        ...

    def chosen(self, kind: DeviceKind) -> str:
        """The setting."""
        ...

    def stands_in(self, kind: DeviceKind) -> str:
        """The name of what is used while the chosen device is away; else empty."""
        ...

    def choose(self, kind: DeviceKind, choice: DeviceChoice) -> None:
        """Slow: through the runner."""
        ...

    @property
    def level(self) -> float:
        """Loudness of the microphone that is open now, in a meeting or for a trial; 0 to 1."""
        ...

    def try_out(self, on_fault: Callable[[Fault], object]) -> Trial:
        """Open them; `on_fault` is called on another thread. Slow: through the runner."""
        ...

    def play_tone(self) -> None:
        """A tone, once; returns when it was played. Raises HostFault. Slow: through the runner."""
        ...


Told = Callable[[DeviceReport], object]


class DeviceProbe(Protocol):
    """Looks at the real devices. Slow: only ever called through the runner."""

    def probe(self) -> Sequence[DeviceReport]:
        """A quiet look, as often as one likes."""
        ...

    def test(self, told: Told) -> Sequence[DeviceReport]:
        """设备自检: try everything, also by ear, 20 s at the most; the result becomes a record.

        `told` hears of each device when it is done, on the worker thread.
        """
        ...


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check of the doctor: `id` names it in the catalogue (`doctor.<id>`), `fault` says what to do."""

    id: str
    state: DeviceState
    detail: str = ""
    fault: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


class Doctor(Protocol):
    """The same checks as `silian doctor`, for the diagnostics page. Slow: through the runner."""

    def check(self, only: Container[str] | None = None) -> Sequence[CheckLine]:
        """All of them, or those of these ids alone."""
        ...


class SettingsStore(Protocol):
    """This terminal's own settings, kept in its TOML file. Keys are those of `desktop_app.settings`."""

    def get(self, key: str) -> Any: ...

    def set(self, key: str, value: Any) -> None: ...
