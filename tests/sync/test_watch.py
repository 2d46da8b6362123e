"""A clock that is wrong and a disk that fills up are told in time, and hold nothing back."""

import asyncio
from datetime import timedelta

import pytest
from sync_province import HUIDONG, HUIZHOU, Province, TestClock
from test_lanes import site, until

from sync.terminal.records import Write
from sync.terminal.watch import LOW_DISK, ClockWatch


class TwoClocks(TestClock):
    """A wall clock that somebody sets, and the time that really goes by."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0

    def monotonic(self) -> float:
        return self.elapsed

    def pass_by(self, seconds: float) -> None:
        self.go_on(seconds=seconds)
        self.elapsed += seconds


def test_a_clock_that_jumps_is_told_until_it_is_right_again() -> None:
    clock = TwoClocks()
    watch = ClockWatch(clock)
    assert not watch.look()
    clock.pass_by(3600)
    assert not watch.look(), "time that goes by is no jump"
    clock.go_on(days=3)
    assert watch.look()
    assert watch.jumped_seconds == 3 * 86400
    clock.pass_by(2)
    assert not watch.look(), "it is said once"
    assert watch.look(timedelta(days=-3)), "the center answers, and the clock is ahead of it"
    assert watch.off_seconds == 3 * 86400
    clock.go_on(days=-3)
    assert watch.look(timedelta(seconds=1))
    assert (watch.off_seconds, watch.jumped_seconds) == (0, 0)


async def test_a_terminal_three_days_ahead_is_warned_and_delivers_its_day_like_any_other(province: Province) -> None:
    wrong = TwoClocks()
    wrong.go_on(days=3)
    ahead = province.terminal(HUIDONG, clock=wrong)
    right = province.terminal(HUIZHOU)
    async with site(province, ahead) as a:
        a.loop._client._clock = wrong
        meeting = await asyncio.to_thread(province.meeting, ahead, HUIZHOU)
        await until(lambda: ahead.status().pending == 0, "the receipt")
        await until(lambda: any(each.clock_off_seconds for each in a.progress), "the warning")
    assert ahead.status().clock_off_seconds == 3 * 86400
    province.pull(right)
    right.write(Write("meeting", meeting, {"title": "后来的人改的"}))
    province.sync(right, ahead)
    assert (ahead.get("meeting", meeting) or {})["title"] == "后来的人改的", "whoever wrote later is later"
    ahead.write(Write("meeting", meeting, {"title": "甲"}))
    right.write(Write("meeting", meeting, {"title": "乙"}))
    province.sync(ahead, right)
    province.sync(ahead, right)
    (conflict,) = ahead.conflicts()
    fast = next(value for value in conflict["values"] if value["value"] == "甲")
    assert fast["at_ms"] - fast["received_ms"] > 2 * 86400 * 1000, "both times are kept"


def test_a_disk_that_is_nearly_full_is_told_before_it_is_full(
    province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = province.terminal(HUIDONG)
    assert terminal.status().disk_low_mib is None
    monkeypatch.setattr(terminal, "free_bytes", lambda _folder: LOW_DISK - 1)
    assert terminal.status().disk_low_mib == 511
    province.meeting(terminal)
    assert terminal.status().pending == 1, "it goes on writing"
    monkeypatch.setattr(terminal, "free_bytes", lambda _folder: None)
    assert terminal.status().disk_low_mib is None
