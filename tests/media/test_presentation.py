"""Pictures that came in a heap are shown one after the other, and on a line that keeps time none waits."""

import itertools

import pytest

from media.frames import Frame, FrameSlot
from media.peers.presentation import MOST, WINDOW, Presentation

PICTURE = 3_600
"""25 a second."""


def frame(number: int) -> Frame:
    return Frame(memoryview(bytes(4)), 1, 1, 4, 0.0, number)


def play(presentation: Presentation, arrivals: list[float], first: int = 0) -> list[float]:
    """How long each picture waits, numbered from `first` on."""
    return [presentation.due((first + at) * PICTURE, now) - now for at, now in enumerate(arrivals)]


def test_on_a_line_that_keeps_time_no_picture_waits():
    assert play(Presentation(), [at * 0.04 + 0.004 * (at % 3) for at in range(500)]) == pytest.approx(
        [0] * 500, abs=0.009
    )


def test_a_picture_that_is_a_little_late_makes_none_wait():
    arrivals = [at * 0.04 for at in range(50)]
    arrivals[20] += 0.015
    presentation = Presentation()
    waits = play(presentation, arrivals)
    assert max(waits) < 0.001
    assert presentation.delay == 0


def heap(at: float) -> list[float]:
    """Four seconds of pictures, of which the first is 70 ms late and the second 30."""
    return [max(at + each * 0.04, at + 0.07) for each in range(100)]


def test_one_heap_alone_makes_no_picture_wait():
    presentation = Presentation()
    play(presentation, [at * 0.04 for at in range(10)])
    assert max(play(presentation, heap(0.4), first=10)) < 0.001
    assert presentation.delay == 0


def test_after_heaps_each_picture_is_shown_at_its_own_time():
    presentation = Presentation()
    play(presentation, [at * 0.04 for at in range(10)])
    play(presentation, heap(0.4), first=10)
    play(presentation, heap(4.4), first=110)
    arrivals = heap(8.4)
    waits = play(presentation, arrivals, first=210)
    shown = [came + wait for came, wait in zip(arrivals, waits, strict=True)]
    gaps = [after - before for before, after in itertools.pairwise(shown)]
    assert gaps == pytest.approx([0.04] * len(gaps), abs=0.003)
    assert presentation.delay == pytest.approx(0.07, abs=0.001)


def test_the_waiting_goes_back_little_by_little_once_the_line_keeps_time():
    presentation = Presentation()
    play(presentation, [at * 0.04 + (0.1 if at % 50 == 10 else 0.06 if at % 50 == 11 else 0) for at in range(200)])
    assert presentation.delay == pytest.approx(0.1, abs=0.001)
    seconds = WINDOW + 3
    waits = play(presentation, [(200 + at) * 0.04 for at in range(int(seconds * 25))], first=200)
    assert presentation.delay == 0
    assert max(before - after for before, after in itertools.pairwise(waits)) < 0.003


def test_a_picture_never_waits_longer_than_a_voice():
    presentation = Presentation()
    arrivals = [at * 0.04 for at in range(50)]
    arrivals[20:45] = [2.0] * 25
    waits = play(presentation, arrivals)
    assert max(waits) <= MOST


def test_a_reader_sees_a_frame_from_its_time_on():
    now = [10.0]
    slot = FrameSlot(monotonic=lambda: now[0])
    slot.put(frame(1))
    slot.put(frame(2), 10.04)
    slot.put(frame(3), 10.08)
    seen = []
    for now[0] in (10.0, 10.05, 10.07, 10.09, 11.0):
        latest = slot.latest()
        seen.append(0 if latest is None else latest.number)
    assert seen == [1, 2, 2, 3, 3]


def test_a_slot_that_nobody_looks_into_keeps_few_frames_and_forgets_all_with_its_picture():
    slot = FrameSlot(monotonic=lambda: 0.0)
    for number in range(1, 100):
        slot.put(frame(number), 1.0)
    latest = slot.latest()
    assert latest is not None
    assert latest.number == 91
    slot.put(None)
    assert slot.latest() is None
