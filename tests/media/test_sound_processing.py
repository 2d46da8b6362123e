"""The room's own loudspeaker in its microphone: taken out, and nobody who speaks meanwhile with it."""

import threading
from pathlib import Path

import numpy as np
import pytest

import desktop_app.demo
from bench.media.speech import RATE, Sound, aligned, narrow, stoi
from media.capture.capture import Capture
from media.capture.pictures import CardSource
from media.capture.processing import EchoCanceller, Untouched
from media.capture.sounds import SilenceSource, read_sound
from media.capture.sources import FRAME_BYTES, SAMPLE_RATE
from media.playout.outputs import SilentOutput
from media.playout.playout import Playout
from tests.media.rig import PlainCard
from tests.media.test_devices import CLOCK

SOUNDS = Path(desktop_app.demo.__file__).parent / "sounds"
SECONDS = 14
ALONE = 5
"""Seconds in which only the loudspeaker is heard."""


def voice(name: str) -> Sound:
    return np.frombuffer(read_sound(SOUNDS / name), np.int16)[: SECONDS * SAMPLE_RATE].astype(np.float64)


def echo_of(far: Sound) -> Sound:
    """What the microphone hears of the loudspeaker: 80 ms later, 20 dB down, with the tail of a room."""
    tail = np.random.default_rng(1).standard_normal(2880) * np.exp(-np.arange(2880) / 580) * 0.2
    tail[0] = 1
    path = np.concatenate([np.zeros(SAMPLE_RATE * 80 // 1000), tail * 0.1])
    size = 2 * len(far)
    return np.asarray(np.fft.irfft(np.fft.rfft(far, size) * np.fft.rfft(path, size))[: len(far)])


def samples(sound: Sound) -> bytes:
    return bytes(sound.clip(-32768, 32767).astype(np.int16).tobytes())


def sent(far: Sound, microphone: Sound) -> bytes:
    canceller = EchoCanceller()
    canceller.open()
    played, heard = samples(far), samples(microphone)
    out = []
    for at in range(0, len(heard) - FRAME_BYTES + 1, FRAME_BYTES):
        canceller.far(played[at : at + FRAME_BYTES])
        out.append(canceller.near(heard[at : at + FRAME_BYTES]))
    return b"".join(out)


def power(sound: Sound, begin: int, end: int) -> float:
    return float((sound[begin * SAMPLE_RATE : end * SAMPLE_RATE] ** 2).sum()) + 1


def test_the_echo_is_gone_and_who_speaks_over_it_is_still_understood():
    far, near = voice("speech-a.opus"), voice("speech-b.opus")
    near[: ALONE * SAMPLE_RATE] = 0
    echo = echo_of(far)
    noise = np.random.default_rng(2).standard_normal(len(far)) * 20
    out = sent(far, echo + near + noise)
    left = np.frombuffer(out, np.int16).astype(np.float64)
    assert 10 * np.log10(power(echo, 2, ALONE) / power(left, 2, ALONE)) > 25
    spoken, heard = narrow(samples(near))[ALONE * RATE :], narrow(out)[ALONE * RATE :]
    assert stoi(spoken, aligned(spoken, heard)) > 0.7
    assert np.linalg.norm(heard) > 0.7 * np.linalg.norm(spoken)


def test_a_voice_without_an_echo_passes_nearly_untouched():
    near = voice("speech-b.opus")[: 8 * SAMPLE_RATE]
    spoken, heard = narrow(samples(near)), narrow(sent(np.zeros_like(near), near))
    assert stoi(spoken, aligned(spoken, heard)) > 0.95


def test_the_loudspeaker_tells_the_canceller_what_it_plays():
    canceller, told = Untouched(), threading.Event()
    playout = Playout(SilentOutput(), CLOCK)
    playout.on_played = lambda sound: told.set() if len(sound) == FRAME_BYTES else None
    playout.open(lambda fault: None)
    assert told.wait(20)
    playout.close()
    assert canceller.near(bytes(FRAME_BYTES)) == bytes(FRAME_BYTES)


def test_where_the_library_is_missing_sound_passes_as_it_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "livekit.rtc", None)
    canceller = EchoCanceller()
    canceller.open()
    canceller.far(bytes(FRAME_BYTES))
    assert canceller.near(b"\1" * FRAME_BYTES) == b"\1" * FRAME_BYTES


def test_a_mute_is_silence_whatever_the_processing_makes_of_it():
    class Hum(Untouched):
        def near(self, sound: bytes) -> bytes:
            return b"\x11" * FRAME_BYTES

    card = PlainCard()
    capture = Capture(picture=CardSource(card, CLOCK), sound=SilenceSource(), card=card, clock=CLOCK)
    capture.sound.processing = Hum()
    capture.sound._deliver(bytes(FRAME_BYTES))
    assert capture.sound.level > 0.3
    capture.sound.muted = True
    capture.sound._deliver(bytes(FRAME_BYTES))
    assert capture.sound.level == 0
