"""Readiness before and the report after a meeting, as a story finds them: more acts and looks of a running terminal."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ui.models.workplace import Workplace


class ReadinessStage:
    """`acts` and `looks` by name; both need a workplace."""

    def __init__(self, work: Callable[[], "Workplace"]) -> None:
        self._find = work
        self.acts: dict[str, Callable[..., object]] = {
            "ready.open": lambda meeting=None: self._work.readiness.open(meeting),
            "ready.contact": lambda unit_path, name, phone: self._work.readiness.write_contact(unit_path, name, phone),
            "ready.export": lambda path: self._work.readiness.export(Path(path)),
            "report.open": lambda meeting: self._work.report.open(meeting),
            "report.export": lambda path: self._work.report.export(Path(path)),
            "minutes.draft": lambda meeting: self._work.drafter.draft(meeting),
        }
        self.looks: dict[str, Callable[[], Any]] = {
            "home.tested_wholly": lambda: self._work.home.verdict.tested_at is not None,
            "home.failed_devices": lambda: [
                one.kind.value for one in self._work.home.verdict.reports if one.state.value == "failed"
            ],
            "home.reminder": self._reminder,
            "ready.sites": lambda: len(self._work.readiness.sites or ()),
            "ready.tested": lambda: [
                one.unit_path for one in self._work.readiness.sites or () if one.tested is not None
            ],
            "ready.problems": lambda: [one.unit_path for one in self._work.readiness.problems],
            "ready.unstaffed": lambda: {
                one.unit_path: one.phone for one in self._work.readiness.sites or () if one.state.value == "nobody"
            },
            "report.there": lambda: self._work.report.report is not None,
            "report.sites": lambda: self._work.report.report.joined if self._work.report.report else 0,
            "report.present": lambda: self._work.report.report.people.present if self._work.report.report else 0,
            "report.outage_seconds": lambda: self._work.report.report.outage_sec if self._work.report.report else 0,
            "report.duties": lambda: len(self._work.report.report.duties) if self._work.report.report else 0,
        }

    @property
    def _work(self) -> "Workplace":
        return self._find()

    def _reminder(self) -> str:
        reminder = self._work.reminder.reminder
        return reminder.card.meeting if reminder is not None else ""
