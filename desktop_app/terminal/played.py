"""What one terminal really saw and heard, written down once a second while it plays: counters, never opinions."""

import os
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer

from desktop_app.terminal.app import Terminal
from desktop_app.terminal.stage import TerminalStage
from desktop_app.terminal.story import StoryLog

SAMPLE_MS = 1000
PULSE_MS = 10
PULSE_BINS = 200


class Recorder(QObject):
    """Samples, and a 10 ms timer whose delays say how free the Qt thread is."""

    def __init__(self, terminal: Terminal, stage: TerminalStage, log: StoryLog) -> None:
        super().__init__()
        self._terminal = terminal
        self._stage = stage
        self._log = log
        self._pulses: dict[int, int] = {}
        self._last_pulse = 0.0
        self._samples = QTimer(self, interval=SAMPLE_MS)
        self._samples.timeout.connect(self._sample)
        self._samples.start()
        self._pulse = QTimer(self, interval=PULSE_MS)
        self._pulse.setTimerType(Qt.TimerType.PreciseTimer)
        self._pulse.timeout.connect(self._beat)
        self._pulse.start()

    def close(self) -> None:
        self._samples.stop()
        self._pulse.stop()

    def _beat(self) -> None:
        now = self._terminal.clock.monotonic()
        if self._last_pulse:
            passed = min(PULSE_BINS, round((now - self._last_pulse) * 1000))
            self._pulses[passed] = self._pulses.get(passed, 0) + 1
        self._last_pulse = now

    def _sample(self) -> None:
        app = self._terminal.app
        values: dict[str, Any] = {
            "page": app.page.value,
            "link": app.link.light.value,
            "pending": app.sync.pending,
            "pulses": self._pulses,
            "rss": resident_bytes(),
        }
        self._pulses = {}
        work = self._terminal.workplace
        if work is not None and work.minutes.loaded:
            values["typed"] = sum(len(block.text) for block in work.minutes.blocks)
        if work is not None and work.meeting.in_meeting:
            meeting = work.meeting
            state = meeting.state
            values |= {
                "grid": self._stage.grid is not None and app.in_session,
                "control": meeting.online,
                "media": meeting.media_up,
                "phase": state.phase.value,
                "online": [path for path, site in state.sites.items() if site.online],
                "on_air": sorted(state.sites_on_air),
                "painted": meeting.painted_frames,
                "first_paint": {path: meeting.paints.first_at(path) for path in meeting.painted_frames},
                "audio": self._audio(),
                "pictures": self._pictures(),
                "line": self._line(),
            }
        self._log.write("sample", **values)

    def _audio(self) -> dict[str, dict[str, int]]:
        live = self._terminal.live
        if live is None:
            return {}
        return {
            path: {
                "due": one.audio_due,
                "decoded": one.audio_decoded,
                "fec": one.audio_fec,
                "concealed": one.audio_concealed,
            }
            for path, one in live.stats().sites.items()
        }

    def _pictures(self) -> dict[str, tuple[float, int, str]]:
        """Of each site: pictures a second, lines of the picture, what the line left of it."""
        live = self._terminal.live
        if live is None:
            return {}
        return {path: (one.fps, one.height, one.step.name) for path, one in live.stats().sites.items()}

    def _line(self) -> tuple[str, str, float]:
        """How far down the pictures are, up and down the line; pictures a second that are sent."""
        live = self._terminal.live
        if live is None:
            return ("", "", 0.0)
        stats = live.stats()
        return stats.sending.name, stats.receiving.name, stats.sent_fps


def resident_bytes() -> int | None:
    """This process's memory in RAM; None where the system does not tell it this way."""
    try:
        with open("/proc/self/statm", encoding="ascii") as told:
            return int(told.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None
