"""What becomes of the pictures on a line that does not bear all of them. The voice is never asked to give way.

The steps are the same in both directions: all as wanted, smaller, some paused, none. What a line bears comes from
`media.rtp.budget`; here it is shared out.
"""

from dataclasses import replace
from enum import IntEnum

from desktop_app.domain.ids import UnitPath
from media.capture.encodings import (
    BITRATES,
    FLOOR,
    FLUENT,
    LEAST_MAIN,
    SIZES,
    SMALLER,
    THUMB,
    VOICE,
    Encoding,
    PicturePlan,
    main_encoding,
    steady,
    thumb_encoding,
    within,
)
from media.engine.layers import THUMB_HEIGHT, Demand
from media.rtp.budget import ENOUGH

RAISE_OVER = 1.15
"""A larger picture is taken once there is so much more than it needs."""
CHANGE_EVERY = 2.0
"""Seconds between two improvements of what is sent: each begins with a whole picture."""
WORTH = 1.3
SPARE = 1.3
"""A line that bears so many times what the screen shows limits nothing."""
SPARSE, SPARSE_FOR = 0.25, 1.5
"""The share of the pictures that is left out, and for how many seconds, before they are made smaller."""
RICHER = 1.5
"""So many times the bits with which a size was sparse it may do with; and so it may after LARGER_AFTER seconds."""
LARGER_AFTER = 15.0


class Step(IntEnum):
    """How far down a direction is."""

    MAIN = 0
    """Everything as it is wanted."""
    THUMB = 1
    """Smaller than wanted."""
    PAUSED = 2
    """Some pictures are paused."""
    AUDIO = 3
    """Sound alone."""


class Receiving:
    """Shares out what the way from the engine bears among the pictures that the screen shows."""

    def __init__(self) -> None:
        self.bits: int | None = None
        self.is_fine = False
        """A large picture can be had at fewer bits than it likes: the engine tells its sender what the line bears."""
        self.enough = ENOUGH
        """Bit/s from which on the line bears whatever the screen shows."""
        self.steps: dict[UnitPath, Step] = {}
        """Of each site on the screen."""
        self._given: dict[UnitPath, int] = {}

    @property
    def step(self) -> Step:
        """Of all together: none is left, some are paused, some are smaller."""
        steps = self.steps.values()
        if steps and min(steps) is Step.PAUSED:
            return Step.AUDIO
        return max(steps, default=Step.MAIN)

    def fit(self, wanted: list[tuple[UnitPath, int]]) -> dict[UnitPath, int]:
        """Lines for each site, 0 for none: first a thumb for each, then larger ones, the most wanted first."""
        self.enough = min(ENOUGH, round(SPARE * (VOICE + sum(BITRATES.get(lines, 0) for _, lines in wanted))))
        given = dict(wanted) if self.bits is None else self._share(wanted, self.bits - VOICE)
        self.steps = {site: _step(given[site], lines) for site, lines in wanted}
        self._given = given
        return given

    def _share(self, wanted: list[tuple[UnitPath, int]], left: int) -> dict[UnitPath, int]:
        given: dict[UnitPath, int] = {}
        thumb = BITRATES[THUMB_HEIGHT]
        for site, _ in wanted:
            held = self._given.get(site, 0) > 0
            given[site] = THUMB_HEIGHT if left >= thumb * (0.75 if held else 1.0) else 0
            left -= thumb if given[site] else 0
        for site, lines in wanted:
            for larger in sorted((each for each in BITRATES if THUMB_HEIGHT < each <= lines), reverse=True):
                more = self._least(larger) - thumb
                if given[site] and left >= more * (1.0 if self._given.get(site, 0) >= larger else RAISE_OVER):
                    given[site] = larger
                    left -= more
                    break
        return given

    def _least(self, lines: int) -> int:
        """Bit/s of which a picture of so many lines is worth asking for."""
        if not self.is_fine:
            return BITRATES[lines]
        return FLUENT if lines == min(SIZES) else round(BITRATES[lines] * FLOOR)


class Sending:
    """Shares out what the way to the engine bears between the two pictures of this site."""

    def __init__(self) -> None:
        self.bits: int | None = None
        self.main_bits: int | None = None
        """What those bear who watch the main picture."""
        self.left_out = 0.0
        """The share of the main pictures that the encoder, or what waits for the line, leaves out."""
        self.step = Step.MAIN
        self.plan = PicturePlan(None, None)
        self._shrunk = _Shrunk()
        self._asked: tuple[Demand, bool] | None = None
        self._changed_at = float("-inf")

    def look(self, demand: Demand, standby: bool, now: float) -> PicturePlan:
        """What to send. `standby`: the thumb is sent also where nobody shows it, if the line bears it."""
        most = None if self.main_bits is None else max(self.main_bits, LEAST_MAIN)
        fresh = _fit(demand, standby, self.bits, most)
        if fresh.main is not None:
            narrow = self.bits is not None or most is not None
            main = steady(fresh.main) if narrow else fresh.main
            lines = self._shrunk.look(main, self.plan.main, self.left_out if narrow else None, now)
            fresh = replace(fresh, main=within(main, lines))
        asked = (demand, standby)
        if fresh != self.plan:
            too_much = self.bits is not None and bits_of(self.plan) > max(0, self.bits - VOICE)
            too_much |= most is not None and self.plan.main is not None and self.plan.main.bitrate > most
            better = _kinds(fresh) != _kinds(self.plan) or bits_of(fresh) >= WORTH * bits_of(self.plan)
            if asked != self._asked or too_much or (better and now - self._changed_at >= CHANGE_EVERY):
                self.plan, self._changed_at = fresh, now
        self._asked = asked
        self.step = _sending_step(self.plan, demand, standby, most)
        return self.plan


class _Shrunk:
    """How many lines the main picture has at most because with more of them too few pictures got through: more moves
    in it than its bits suffice for."""

    def __init__(self) -> None:
        self._sizes: list[tuple[int, int, float]] = []
        """Of each size that was given up, the largest first: lines, bits, when."""
        self._sparse_since: float | None = None

    def look(self, fresh: Encoding, now_sent: Encoding | None, left_out: float | None, now: float) -> int:
        """The lines that `fresh` may have; nothing is `left_out` (None) where the line is not narrow."""
        while self._sizes and (
            left_out is None or fresh.bitrate >= RICHER * self._sizes[-1][1] or now - self._sizes[-1][2] > LARGER_AFTER
        ):
            self._sizes.pop()
        lines = max(each for each in SMALLER if all(each < given_up for given_up, _, _ in self._sizes))
        if left_out is None or left_out < SPARSE or now_sent is None or now_sent.height != min(lines, fresh.height):
            self._sparse_since = None
        elif self._sparse_since is None:
            self._sparse_since = now
        elif now - self._sparse_since >= SPARSE_FOR and now_sent.height > min(SMALLER):
            self._sizes.append((now_sent.height, fresh.bitrate, now))
            self._sparse_since = None
            lines = max(each for each in SMALLER if each < now_sent.height)
        return lines


def bits_of(plan: PicturePlan) -> int:
    """Bit/s of both pictures."""
    return sum(each.bitrate for each in (plan.main, plan.thumb) if each is not None)


def _fit(demand: Demand, standby: bool, bits: int | None, most: int | None) -> PicturePlan:
    if bits is None:
        main = main_encoding(demand.main, most) if demand.main else None
        return PicturePlan(main, THUMB if demand.thumb or standby else None)
    left = bits - VOICE
    if demand.main and not demand.thumb:
        # A picture that somebody looks at goes before one that is only kept ready.
        main = main_encoding(demand.main, _least(left, most))
        spare = left - (main.bitrate if main is not None else 0)
        kept = thumb_encoding(spare) if standby or main is None else None
        return PicturePlan(main, kept)
    thumb = thumb_encoding(left) if demand.thumb or standby else None
    spare = left - (thumb.bitrate if thumb is not None else 0)
    wanted = demand.main and (thumb is not None or not demand.thumb)
    return PicturePlan(main_encoding(demand.main, _least(spare, most)) if wanted else None, thumb)


def _least(bits: int, most: int | None) -> int:
    return bits if most is None else min(bits, most)


def _kinds(plan: PicturePlan) -> tuple[int, int]:
    def lines(each: Encoding | None) -> int:
        return each.height if each is not None else 0

    return lines(plan.main), lines(plan.thumb)


def _step(given: int, wanted: int) -> Step:
    return Step.MAIN if given == wanted else Step.THUMB if given else Step.PAUSED


def _sending_step(plan: PicturePlan, demand: Demand, standby: bool, most: int | None) -> Step:
    if plan.main is None and plan.thumb is None and (demand.main or demand.thumb or standby):
        return Step.AUDIO
    full = main_encoding(demand.main, most) if demand.main else None
    if (plan.main != full and most is None) or (demand.thumb and plan.thumb != THUMB):
        return Step.THUMB
    return Step.MAIN
