"""The voice over bad lines, ours beside Chromium's, on the same links: understood, gone, and how late.

A cell is a line (RTT 60 ms, jitter 0 to 20 ms, a loss) and a seed. In each, the same 25 s of Mandarin are spoken once;
the figures of a line are means over its seeds, the longest gap is the longest of all. Bit rates are of payloads.
"""

import asyncio
import math
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import desktop_app.demo
from bench.link import Bursts, Conditions
from bench.media import voice_ours
from bench.media.speech import Heard, Verdict, judge, narrow
from bench.media.steady import STALL, TRIES, Steady
from bench.media.voice_chromium import speak as chromium_speaks
from bench.rows import Row
from media.capture.sounds import read_sound

SPEECH = Path(desktop_app.demo.__file__).parent / "sounds" / "speech-a.opus"
SEEDS = (11, 12, 13)
LINES = {
    "0 %": Conditions(delay=0.03, jitter=0.02),
    **{f"{loss} %": Conditions(loss=loss / 100, delay=0.03, jitter=0.02) for loss in (5, 10, 20, 30)},
    "bursts": Conditions(bursts=Bursts(), delay=0.03, jitter=0.02),
}
GAP = 60.0
"""Milliseconds that no gap may exceed."""
Speak = Callable[[bytes, dict[str, tuple[Conditions, int]]], dict[str, Heard]]


@dataclass(frozen=True, slots=True)
class Line:
    """All seeds of one line together."""

    stoi: float
    gap: float
    delay: float
    kilobits: float


def rows() -> list[Row]:
    """The voice as it is; see `voice_red` for the other half."""
    samples = read_sound(SPEECH)
    chromium = measure(samples, "Chromium", _of_chromium) if has_chromium() else {}
    ours = measure(samples, "ours", lambda samples, cells: voice_ours.speak(samples, cells, red=False))
    found = []
    for name, line in ours.items():
        peer = chromium.get(name)
        found += compared(name, "", line, peer.stoi if peer else None, 1.0)
        found[-2] = replace(found[-2], peer=peer and peer.gap)
        found[-1] = replace(found[-1], peer=peer and round(peer.kilobits, 1))
    for name in ("0 %", "10 %"):
        peer = chromium.get(name)
        holds = ours[name].delay <= peer.delay if peer else None
        late = round(ours[name].delay)
        found.append(
            Row(f"voice, {name}: mouth to ear, ms", late, round(peer.delay) if peer else None, "<= 1.0 x", holds)
        )
    return found


def has_chromium() -> bool:
    return sys.platform == "linux" and shutil.which("chromium") is not None


def _of_chromium(samples: bytes, cells: dict[str, tuple[Conditions, int]]) -> dict[str, Heard]:
    """One round; once more where the machine stood still."""
    best: dict[str, Heard] = {}
    shortest = math.inf
    for _ in range(TRIES):
        with Steady() as steady:
            heard = asyncio.run(chromium_speaks(samples, cells))
        if steady.stalled < shortest:
            best, shortest = heard, steady.stalled
        if shortest < STALL:
            break
    return best


def stoi_row(name: str, how: str) -> str:
    """What the row of a line's intelligibility is called."""
    return f"voice, {name}{how}: STOI"


def compared(name: str, how: str, ours: Line, peer: float | None, goal: float) -> list[Row]:
    """Three rows of a line; `peer` is the other's STOI."""
    holds = None if peer is None else round(ours.stoi, 3) >= round(goal * peer, 3)
    return [
        Row(stoi_row(name, how), round(ours.stoi, 3), peer and round(peer, 3), f">= {goal:g} x", holds),
        Row(f"voice, {name}{how}: longest gap, ms", ours.gap, None, f"<= {GAP:g}", ours.gap <= GAP),
        Row(f"voice, {name}{how}: payload, kbit/s", round(ours.kilobits, 1)),
    ]


def measure(samples: bytes, who: str, speak: Speak) -> dict[str, Line]:
    """One program on all lines and seeds; each round is one seed."""
    spoken = narrow(samples)
    verdicts: dict[str, list[Verdict]] = {name: [] for name in LINES}
    for seed in SEEDS:
        heard = speak(samples, {str(at): (line, seed) for at, line in enumerate(LINES.values())})
        for at, name in enumerate(LINES):
            verdict = judge(spoken, heard[str(at)])
            verdicts[name].append(verdict)
            print(
                f"  {who}, {name}, seed {seed}: STOI {verdict.stoi:.3f}, gap {verdict.gap:.0f} ms, "
                f"mouth to ear {verdict.delay:.0f} ms, {verdict.kilobits:.1f} kbit/s",
                flush=True,
            )
    return {
        name: Line(
            fmean(each.stoi for each in found),
            max(each.gap for each in found),
            fmean(each.delay for each in found),
            fmean(each.kilobits for each in found),
        )
        for name, found in verdicts.items()
    }
