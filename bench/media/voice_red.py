"""The voice with RED, where the line bears it; Chromium's figures are those of the part `voice`, which runs first."""

from bench.media.kept import kept_rows
from bench.media.voice import LINES, SPEECH, compared, measure, stoi_row
from bench.media.voice_ours import speak
from bench.rows import Row
from media.capture.sounds import read_sound

GOAL, FROM = 1.03, ("10 %", "20 %", "30 %", "bursts")


def rows() -> list[Row]:
    """Beside the last run of `voice`; without one there is no peer."""
    peers = {row.row: row.peer for row in kept_rows()}
    ours = measure(read_sound(SPEECH), "ours with RED", lambda samples, cells: speak(samples, cells, red=True))
    found = []
    for name in LINES:
        peer = peers.get(stoi_row(name, ""))
        found += compared(name, " with RED", ours[name], peer, GOAL if name in FROM else 1.0)
    return found
