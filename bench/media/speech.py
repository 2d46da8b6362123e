"""How well a voice that came over a line is understood, and how long it was gone.

Sound is a float array of samples at RATE. A heard voice is first laid over the one that was spoken, piece by piece,
since a receiver that stretches time is not to be punished for it; both programs are judged by the same rule.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from media.capture.sounds import read_sound
from media.capture.sources import SAMPLE_RATE

Sound = np.ndarray[Any, np.dtype[np.float64]]

RATE = 10_000
"""STOI is defined at this rate."""
FRAME, TRANSFORM, BANDS, LOWEST = 256, 512, 15, 150.0
SEGMENT = 30
"""Frames of one short-time segment: 384 ms."""
CLIP = 10 ** (15 / 20)
RANGE = 40.0
"""Decibels below the loudest frame at which speech counts as silence."""
GAP_FRAME = RATE // 50
REACH = RATE // 2
"""Samples by which the lag of a piece may differ from that of the whole."""
STEP = 20
"""Samples within which a lag counts as the same."""
CHANGE = 0.3
"""What a change of the lag costs, in likeness (0 to 1 a piece)."""
AUDIBLE = 30.0
"""Amplitude below which a piece is not looked for."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came out of a line: 48 kHz mono 16-bit samples, the first of which was heard `late` seconds after the mouth
    opened; `kilobits` a second of payload were sent for it. `stalled` is how long the machine stood still meanwhile."""

    samples: bytes
    late: float
    kilobits: float
    stalled: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`delay` is mouth to ear in ms, the median over the sound; `gap` the longest one, in ms."""

    stoi: float
    gap: float
    delay: float
    kilobits: float


def judge(spoken: Sound, heard: Heard) -> Verdict:
    """How well that was heard."""
    came = narrow(heard.samples)
    fitted = aligned(spoken, came)
    delay = float(np.median(lags(spoken, came, RATE // 2))) / RATE + heard.late
    return Verdict(stoi(spoken, fitted), longest_gap(spoken, fitted), delay * 1000, heard.kilobits)


def load(path: Path) -> Sound:
    """A sound file at RATE."""
    return narrow(read_sound(path))


def narrow(samples: bytes) -> Sound:
    """48 kHz mono 16-bit samples at RATE."""
    wide = np.frombuffer(samples, np.int16).astype(np.float64)
    count = len(wide) * RATE // SAMPLE_RATE
    spectrum = np.fft.rfft(wide)[: count // 2 + 1]
    return np.asarray(np.fft.irfft(spectrum, count) * (count / len(wide)))


def lag_of(spoken: Sound, heard: Sound) -> int:
    """By how many samples the heard voice comes later, as a whole."""
    size = 1 << (len(spoken) + len(heard)).bit_length()
    match = np.fft.irfft(np.conj(np.fft.rfft(spoken, size)) * np.fft.rfft(heard, size), size)
    return int(np.argmax(match[: len(heard)]))


def lags(spoken: Sound, heard: Sound, every: int, *, window: int = RATE * 3 // 10) -> list[int]:
    """The lag of each piece of `every` samples: of all courses that it can take, the one on which the pieces are most
    alike and the lag changes seldom. One piece alone may resemble what was said at another time."""
    first = max(0, lag_of(spoken, heard) - REACH)
    score = np.zeros(2 * REACH // STEP)
    exact, before = [], []
    for start in range(0, len(spoken), every):
        left = max(0, start + every // 2 - window // 2)
        curve = _alike(spoken[left : left + window], heard[left + first : left + first + window + 2 * REACH - 1])
        steps = np.pad(curve, (0, 2 * REACH - len(curve))).reshape(-1, STEP)
        exact.append(np.argmax(steps, axis=1) + np.arange(len(steps)) * STEP)
        jumped = int(np.argmax(score))
        stays = score >= score[jumped] - CHANGE
        before.append(np.where(stays, np.arange(len(score)), jumped))
        score = np.where(stays, score, score[jumped] - CHANGE) + steps.max(axis=1)
    at = int(np.argmax(score))
    found = []
    for places, came_from in zip(reversed(exact), reversed(before), strict=True):
        found.append(first + int(places[at]))
        at = int(came_from[at])
    return found[::-1]


def _alike(piece: Sound, around: Sound) -> Sound:
    """How alike `piece` and each part of `around` are, 0 to 1; all 0 where the piece is silence."""
    energy = float(piece @ piece)
    if len(around) < len(piece) or energy < len(piece) * AUDIBLE**2:
        return np.zeros(0)
    size = 1 << len(around).bit_length()
    match = np.fft.irfft(np.conj(np.fft.rfft(piece, size)) * np.fft.rfft(around, size), size)
    match = match[: len(around) - len(piece) + 1]
    sums = np.concatenate([[0.0], np.cumsum(around**2)])
    energies = sums[len(piece) :] - sums[: -len(piece)]
    return np.asarray(np.maximum(match / np.sqrt(np.maximum(energies, energy * 1e-4) * energy), 0.0))


def aligned(spoken: Sound, heard: Sound) -> Sound:
    """The heard voice with its delay taken out, piece by piece; as long as the spoken one."""
    every = RATE // 10
    padded = np.concatenate([heard, np.zeros(len(spoken))])
    pieces = [
        padded[max(0, at + lag) : max(0, at + lag) + every]
        for at, lag in zip(range(0, len(spoken), every), lags(spoken, heard, every), strict=True)
    ]
    return np.concatenate(pieces)[: len(spoken)]


def stoi(spoken: Sound, heard: Sound) -> float:
    """Short-time objective intelligibility, 0 to 1 (Taal, Hendriks, Heusdens, Jensen: IEEE TASLP 19(7), 2011)."""
    spoken, heard = _without_silence(spoken, heard)
    matrix = _third_octaves()
    clean, worse = (np.sqrt(matrix @ np.abs(_spectra(each).T) ** 2) for each in (spoken, heard))
    scores = []
    for end in range(SEGMENT, clean.shape[1] + 1):
        x, y = clean[:, end - SEGMENT : end], worse[:, end - SEGMENT : end]
        scaled = y * (np.linalg.norm(x, axis=1) / (np.linalg.norm(y, axis=1) + 1e-12))[:, None]
        clipped = np.minimum(scaled, x * (1 + CLIP))
        x = x - x.mean(axis=1, keepdims=True)
        clipped = clipped - clipped.mean(axis=1, keepdims=True)
        norms = np.linalg.norm(x, axis=1) * np.linalg.norm(clipped, axis=1)
        scores.append(float(np.mean((x * clipped).sum(axis=1) / (norms + 1e-12))))
    return float(np.mean(scores))


def longest_gap(spoken: Sound, heard: Sound) -> float:
    """Milliseconds: the longest time in which somebody spoke and 20 dB less, or nothing, was heard (aligned voices)."""
    count = min(len(spoken), len(heard)) // GAP_FRAME
    powers = [(each[: count * GAP_FRAME].reshape(count, GAP_FRAME) ** 2).mean(axis=1) for each in (spoken, heard)]
    active = powers[0] > powers[0].max() * 10**-3
    gain = powers[1][active].mean() / powers[0][active].mean()
    gone = active & (powers[1] < powers[0] * gain * 10**-2)
    longest = run = 0
    for each in gone:
        run = run + 1 if each else 0
        longest = max(longest, run)
    return longest * 1000.0 * GAP_FRAME / RATE


def _frames(sound: Sound) -> Sound:
    count = (len(sound) - FRAME) // (FRAME // 2) + 1
    window = np.hanning(FRAME + 2)[1:-1]
    return np.stack([sound[at * FRAME // 2 : at * FRAME // 2 + FRAME] * window for at in range(count)])


def _spectra(sound: Sound) -> np.ndarray[Any, np.dtype[np.complex128]]:
    return np.fft.rfft(_frames(sound), TRANSFORM, axis=1)


def _without_silence(spoken: Sound, heard: Sound) -> tuple[Sound, Sound]:
    """Both without the frames in which the spoken one is silent, overlapped again."""
    frames = [_frames(each) for each in (spoken, heard)]
    loudness = 20 * np.log10(np.linalg.norm(frames[0], axis=1) + 1e-12)
    keep = loudness > loudness.max() - RANGE
    return _overlapped(frames[0][keep]), _overlapped(frames[1][keep])


def _overlapped(frames: Sound) -> Sound:
    sound = np.zeros((len(frames) + 1) * FRAME // 2)
    for at, frame in enumerate(frames):
        sound[at * FRAME // 2 : at * FRAME // 2 + FRAME] += frame
    return sound


def _third_octaves() -> Sound:
    """Which of the transform's bins belong to which of the bands."""
    bins = np.linspace(0, RATE, TRANSFORM + 1)[: TRANSFORM // 2 + 1]
    matrix = np.zeros((BANDS, len(bins)))
    for band in range(BANDS):
        low, high = (LOWEST * 2 ** ((2 * band + side) / 6) for side in (-1, 1))
        first, last = (int(np.argmin((bins - edge) ** 2)) for edge in (low, high))
        matrix[band, first:last] = 1
    return matrix
