"""Whether more is sent over a line than it bears, by what is read at its far end.

Loss with a queue, or a queue that stays, is a line that is full. A queue alone is not enough: a busy processor makes
packets late too. Loss without a queue is a bad line, not a narrow one, unless it is heavy. Where packets say when they
left, a queue is a queue, and a short one tells.
"""

from media.rtp.arrivals import Reading

QUEUE = 0.12
"""Seconds by which a round trip grows where it passes a queue."""
QUEUE_THAT_STAYS = 0.25
"""Seconds of a queue that stays for a second: a line with a deep buffer loses nothing."""
QUEUE_WITH_LOSS = 0.05
LOSS_AT_ALL, LOSS, HEAVY_LOSS = 0.02, 0.05, 0.3
TELLING = 50_000
"""Bit/s below which nothing is said of a line: a voice alone comes through any."""
EXACT_QUEUE, EXACT_QUEUE_TRIED = 0.05, 0.03
"""Seconds of a queue that counts where it is known exactly; the second right after a raise."""
EXACT_QUEUE_NOW, EXACT_QUEUE_NOW_TRIED = 0.12, 0.045
"""The same of a tenth of a second alone."""
POLICED = 0.5
"""Loss without a queue from which on the line is taken to drop what is too much."""


def is_full(reading: Reading) -> bool:
    """Whether more is sent over the line than it bears."""
    if reading.rate < TELLING:
        return False
    if reading.exact:
        return reading.queue > EXACT_QUEUE or _drops_much(reading)
    return reading.long_queue > QUEUE_THAT_STAYS or _loses_much(reading)


def is_exactly_full(reading: Reading, *, tried: bool, losing: bool) -> bool:
    """The same at once, of an exact reading. Right after a raise (`tried`) less of a queue tells; loss tells only where
    it is `losing`: not what it lost before the last cut."""
    queue, queue_now = (EXACT_QUEUE_TRIED, EXACT_QUEUE_NOW_TRIED) if tried else (EXACT_QUEUE, EXACT_QUEUE_NOW)
    has_queue = reading.queue > queue or reading.long_queue > queue_now
    return reading.rate >= TELLING and (has_queue or (losing and _drops_much(reading)))


def _drops_much(reading: Reading) -> bool:
    """Of a line whose queue is known: without one only what no bad line loses."""
    return reading.loss > LOSS and (reading.queue > EXACT_QUEUE_TRIED or reading.long_loss > POLICED)


def _loses_much(reading: Reading) -> bool:
    return reading.loss > LOSS and (reading.queue > QUEUE_WITH_LOSS or reading.long_loss > HEAVY_LOSS)
