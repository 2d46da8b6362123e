"""Sound from its device's own thread: clean, meter, mute, encode; silence stands in while the device is away."""

import logging
import math
import threading
import time

from desktop_app.domain.faults import HostFault
from media.capture.processing import SoundProcessing, Untouched
from media.capture.sources import FRAME_SAMPLES, FRAME_SECONDS, SILENCE, TRY_AGAIN, CaptureSink, SoundSource
from media.codecs.opus import OpusEncoder
from media.loudness import VoiceActivity, loudness

log = logging.getLogger(__name__)

LOSS_AT_ALL = 0.005
EXPECTED_AT_LEAST, EXPECTED_AT_MOST = 10, 30
"""Percent of loss that the encoder is told to expect where there is any. Below 6 it makes no copies."""
SILENT_FOR = 1.5
"""Seconds without a frame after which a sound device counts as lost."""
FIRST_WITHIN = 2.5
"""Seconds more that it may take to its first frame: a headset without a cable has to be called first."""


class SoundCapture:
    """Sound from its device's own thread: clean, meter, mute, encode. Sent only while on air."""

    def __init__(self, source: SoundSource, stand_in: SoundSource, bitrate: int) -> None:
        self.sending = False
        self.on_air = False
        self.muted = False
        self.sent = 0
        self.level = 0.0
        self.voice = VoiceActivity()
        self.processing: SoundProcessing = Untouched()
        """What is done to the microphone's sound; set before `start`."""
        self._expected_loss = self._told_loss = 0
        self._source = source
        self._stand_in = stand_in
        self._encoder = OpusEncoder(bitrate, expected_loss=0)
        self._using: SoundSource | None = None
        self._sink: CaptureSink | None = None
        self._began = time.monotonic()
        self._frames = 0
        self._paused = True
        self._heard_at = 0.0
        self._lost = threading.Event()
        self._again = threading.Event()
        self._opened_at = 0.0
        self._stopping = threading.Event()
        self._watch: threading.Thread | None = None

    def start(self, sink: CaptureSink) -> None:
        self._sink = sink
        self._stopping.clear()
        self._lost.clear()
        self._watch = threading.Thread(target=self._run, name="sound-watch", daemon=True)
        self._watch.start()

    def choose_again(self) -> None:
        """Open the source anew: another device may be meant now. Callable from any thread."""
        self._again.set()
        self._lost.set()

    def expect_loss(self, loss: float) -> None:
        """What share of its packets is lost on the way, for the encoder; callable from any thread."""
        percent = max(EXPECTED_AT_LEAST, min(EXPECTED_AT_MOST, math.ceil(loss * 100)))
        self._expected_loss = percent if loss >= LOSS_AT_ALL else 0

    def stop(self) -> None:
        self._stopping.set()
        self._lost.set()
        if self._watch is not None:
            self._watch.join()
            self._watch = None

    def _run(self) -> None:
        """Open the device, and notice when it goes away: PortAudio does not always say so."""
        self._use_device(self._source)
        retry_at = time.monotonic() + TRY_AGAIN
        while not self._stopping.is_set():
            self._lost.wait(0.25)
            now = time.monotonic()
            if self._stopping.is_set():
                break
            if self._again.is_set():
                self._again.clear()
                self._lost.clear()
                if self._using is self._source:
                    self._let_go()
                self._use_device(self._source)
                retry_at = time.monotonic() + TRY_AGAIN
            elif self._lost.is_set() or now - self._heard_at > SILENT_FOR:
                self._lost.clear()
                if self._using is self._source and self._source is not self._stand_in:
                    self._lose(now)
                    retry_at = now + TRY_AGAIN
            elif self._using is not self._source and now >= retry_at:
                self._use_device(self._source, again=True)
                retry_at = time.monotonic() + TRY_AGAIN
        self._let_go()

    def _lose(self, now: float) -> None:
        """Another device may be there already; one that breaks as soon as it is opened is no other."""
        self._let_go()
        if now - self._opened_at > TRY_AGAIN:
            self._use_device(self._source, again=True)
        if self._using is None:
            self._tell(HostFault("microphone-lost"))
            self._use_stand_in()

    def _let_go(self) -> None:
        if self._using is not None:
            self._using.close()
            self._using = None

    def _use_device(self, source: SoundSource, *, again: bool = False) -> None:
        stand_in = self._using
        self._skip()
        try:
            source.open(self._deliver, self._lost.set)
        except HostFault as fault:
            if not again:
                self._tell(fault)
                self._use_stand_in()
            return
        self.processing.open()
        self._using, self._opened_at = source, time.monotonic()
        if stand_in is not None and stand_in is not source:
            stand_in.close()

    def _use_stand_in(self) -> None:
        self._let_go()
        self._skip()
        self._stand_in.open(self._deliver, self._lost.set)
        self._using = self._stand_in

    def _skip(self) -> None:
        """Let the timestamps jump over the time without a device."""
        now = time.monotonic()
        self._heard_at = now + FIRST_WITHIN
        self._frames = max(self._frames, round((now - self._began) / FRAME_SECONDS))

    def _tell(self, fault: HostFault) -> None:
        log.warning("the sound source is away: %s", fault)
        if self._sink is not None:
            self._sink.on_fault(fault)

    def _deliver(self, samples: bytes) -> None:
        self._heard_at = time.monotonic()
        self._frames += 1
        samples = self.processing.near(samples)
        if self.muted:
            samples = SILENCE
        self.level = loudness(samples)
        self.voice.note(self.level)
        if not (self.on_air and self.sending) or self._sink is None:
            self._paused = True
            return
        first, self._paused = self._paused, False
        if self._expected_loss != self._told_loss:
            self._told_loss = self._expected_loss
            self._encoder.expect_loss(self._told_loss)
        self._sink.on_sound(self._encoder.encode(samples), self._frames * FRAME_SAMPLES, first)
        self.sent += 1
