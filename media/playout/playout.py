"""The room's loudspeaker: one jitter buffer per audio slot, one mix.

Packets come in on the media thread, sound is pulled on the output's. A loudspeaker that is missing or goes away is told
once; a silent clock takes its place, so that everything else goes on.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault, HostFault
from media.capture.sources import FRAME_BYTES, TRY_AGAIN
from media.loudness import VoiceActivity, loudness
from media.playout.jitter import HeardCounts, JitterBuffer, mix
from media.playout.outputs import SilentOutput, SoundOutput, SpeakerOutput

log = logging.getLogger(__name__)

SILENT_FOR = 1.5
"""Seconds without a pull after which the device counts as lost."""
FIRST_WITHIN = 2.5
"""Seconds more that it may take to its first pull."""


class Playout:
    """`open` and `close` from one thread; `put`, `set_on_air`, `counts` and `level` from any."""

    def __init__(self, output: SoundOutput, clock: Clock) -> None:
        self.on_played: Callable[[bytes], None] = lambda sound: None
        """Told each 20 ms that the room will hear, on the output's thread; set before `open`."""
        self._output = output
        self._stand_in = SilentOutput()
        self._using: SoundOutput | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._streams: dict[str, JitterBuffer] = {}
        self._levels: dict[str, float] = {}
        self._voices: dict[str, VoiceActivity] = {}
        self._on_fault: Callable[[Fault], None] = lambda fault: None
        self._pulled_at = 0.0
        self._lost = threading.Event()
        self._again = threading.Event()
        self._opened_at = 0.0
        self._stopping = threading.Event()
        self._watch: threading.Thread | None = None

    def open(self, on_fault: Callable[[Fault], None]) -> None:
        """Start; returns at once. Faults are told on the playout's own thread."""
        if self._watch is None:
            self._on_fault = on_fault
            self._stopping.clear()
            self._lost.clear()
            self._watch = threading.Thread(target=self._run, name="sound-output-watch", daemon=True)
            self._watch.start()

    def close(self) -> None:
        self._stopping.set()
        self._lost.set()
        if self._watch is not None:
            self._watch.join()
            self._watch = None

    def choose_again(self) -> None:
        """Open the output anew: another loudspeaker may be meant now. Callable from any thread."""
        self._again.set()
        self._lost.set()

    def put(
        self,
        slot: str,
        sequence: int,
        timestamp: int,
        payload: bytes,
        copies: Sequence[bytes] = (),
        *,
        resent: bool = False,
    ) -> None:
        """An Opus packet for a slot; see `JitterBuffer.put`."""
        with self._lock:
            self._stream(slot).put(sequence, timestamp, payload, self._clock.monotonic(), copies, resent=resent)

    def set_on_air(self, slot: str, on_air: bool) -> None:
        """Whether the slot's site should be heard; counts run only then."""
        with self._lock:
            self._stream(slot).set_on_air(on_air, self._clock.monotonic())

    def allow(self, slot: str, late: float) -> None:
        """The slot's voice may come so many seconds late at any rate: on a line that is found to be narrow a queue
        comes back each time more is tried."""
        with self._lock:
            self._stream(slot).least = late

    def take(self, slot: str) -> HeardCounts:
        """The slot's counts since they were last taken: the slot is given to another site, or is read."""
        with self._lock:
            stream = self._stream(slot)
            counts, stream.counts = stream.counts, HeardCounts()
            return counts

    def level(self, slot: str) -> float:
        return self._levels.get(slot, 0.0)

    def speaking(self, slot: str) -> bool:
        """Whether somebody speaks in the slot's site."""
        voice = self._voices.get(slot)
        return voice is not None and voice.speaking

    def pull(self) -> bytes:
        """The next 20 ms of the mix; for the output."""
        now = self._clock.monotonic()
        self._pulled_at = now
        frames = []
        with self._lock:
            for slot, stream in self._streams.items():
                sound = stream.pull(now)
                level = self._levels[slot] = loudness(sound) if sound is not None else 0.0
                self._voices.setdefault(slot, VoiceActivity()).note(level)
                if sound is not None:
                    frames.append(sound)
        sound = mix(frames) if frames else bytes(FRAME_BYTES)
        self.on_played(sound)
        return sound

    def _stream(self, slot: str) -> JitterBuffer:
        stream = self._streams.get(slot)
        if stream is None:
            stream = self._streams[slot] = JitterBuffer()
        return stream

    def _run(self) -> None:
        self._use(self._output)
        tried_at = self._clock.monotonic()
        while not self._stopping.is_set():
            self._lost.wait(0.25)
            now = self._clock.monotonic()
            if self._stopping.is_set():
                break
            if self._again.is_set():
                self._again.clear()
                self._lost.clear()
                if self._using is self._output:
                    self._let_go()
                self._use(self._output)
                tried_at = now
            elif self._using is self._stand_in:
                self._lost.clear()
                if now - tried_at > TRY_AGAIN:
                    tried_at = now
                    self._use(self._output, again=True)
            elif self._lost.is_set() or now - self._pulled_at > SILENT_FOR:
                self._lost.clear()
                self._lose(now)
                tried_at = now
        self._let_go()

    def _lose(self, now: float) -> None:
        """Another loudspeaker may be there already; one that breaks as soon as it is opened is no other."""
        self._let_go()
        if now - self._opened_at > TRY_AGAIN:
            self._use(self._output, again=True)
        if self._using is None:
            self._fall_back(HostFault("speaker-lost"))

    def _let_go(self) -> None:
        if self._using is not None:
            self._using.close()
            self._using = None

    def _use(self, output: SoundOutput, *, again: bool = False) -> None:
        before = self._using
        self._pulled_at = self._clock.monotonic() + FIRST_WITHIN
        try:
            output.open(self.pull, self._lost.set)
        except HostFault as fault:
            if not again:
                self._fall_back(fault)
            return
        self._using, self._opened_at = output, self._clock.monotonic()
        if before is not None and before is not output:
            before.close()

    def _fall_back(self, fault: HostFault) -> None:
        log.warning("the loudspeaker is away: %s", fault)
        self._let_go()
        self._stand_in.open(self.pull, lambda: None)
        self._using = self._stand_in
        self._on_fault(fault)


def make_playout(choice: str, *, clock: Clock) -> Playout:
    """The playout that a setting names: `speaker`, `speaker:<name>` or `silent`. Raises ValueError for another."""
    kind, _, name = choice.partition(":")
    if kind == "speaker":
        return Playout(SpeakerOutput(name), clock)
    if choice == "silent":
        return Playout(SilentOutput(), clock)
    raise ValueError(f"no such sound output: {choice}")
