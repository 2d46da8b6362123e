"""Plays the days in one hall, prints each step as it is measured, and writes down what came of all of them."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop_app.days.day import Day
from desktop_app.days.hall import CITY, COUNTY, NEIGHBOUR, PROVINCE, Hall, Seats
from desktop_app.days.hosting_day import HostingDay
from desktop_app.days.hosting_day import seats as hosting_seats
from desktop_app.days.lecture_day import LectureDay
from desktop_app.days.lecture_day import seats as lecture_seats
from desktop_app.days.province_day import ProvinceDay
from desktop_app.days.province_day import seats as province_seats
from desktop_app.days.steps import DayFailed, Notes, keep, whole
from desktop_app.demo.cast import Player
from desktop_app.demo.processes import Company
from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import UnitPath
from desktop_app.platform import end_on_terminate


@dataclass(frozen=True, slots=True)
class Kind:
    """One day that can be played, and who sits in it."""

    day: type[Day]
    seats: Callable[[tuple[UnitPath, ...]], Seats]


DAYS = {
    "a": Kind(HostingDay, hosting_seats),
    "b": Kind(LectureDay, lecture_seats),
    "d": Kind(ProvinceDay, province_seats),
}
PLAYERS: tuple[Player, ...] = (PROVINCE, CITY, COUNTY, NEIGHBOUR)
FEWER: tuple[Player, ...] = (PROVINCE, CITY, COUNTY)
RESULTS = ("days.json", "days.txt", "run")


def play(
    wanted: Sequence[str], out: Path, *, short: bool, slack: float, language: str, say: Callable[[str], object] = print
) -> Notes:
    """Play these days and write the results; what did not hold is in the notes."""
    began = time.monotonic()
    notes = Notes(slack, lambda text: say(f"[{time.monotonic() - began:6.1f}] {text}"))
    out.mkdir(parents=True, exist_ok=True)
    for name in RESULTS:
        path = out / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    players = FEWER if short else PLAYERS
    real = tuple(player.unit_path for player in players)
    with Company() as company:
        hall = Hall(company, out / "run", players, language)
        hall.prepare({letter: DAYS[letter].seats(real) for letter in wanted})
        hall.open_terminals()
        for letter in wanted:
            try:
                DAYS[letter].day(hall, notes, short=short).play()
            except DayFailed:
                say(f"day {letter} cannot go on")
            except Fault as fault:
                notes.missed(letter, "", "between two steps", fault)
            for room in hall.rooms.values():
                room.leave()
    keep(notes.steps, out)
    return notes


def run_all(wanted: Sequence[str], out: Path, *, short: bool, slack: float, language: str) -> int:
    """`silian days`: 0 when every step holds."""
    end_on_terminate()
    began = time.monotonic()
    try:
        notes = play(wanted, out, short=short, slack=slack, language=language)
    except Fault as fault:
        print(fault, flush=True)
        return 1
    except KeyboardInterrupt:
        return 130
    print("\n" + whole(notes.steps), flush=True)
    verdict = f"{len(notes.bad)} of {len(notes.steps)} steps missed" if notes.bad else "every step holds"
    print(f"\n{verdict}, after {time.monotonic() - began:.0f} s; written to {out / 'days.json'}", flush=True)
    return 1 if notes.bad else 0
