"""How a day's steps are judged and written down."""

import json
from pathlib import Path
from typing import Any

import pypdfium2

from desktop_app.days.slides import write_slides
from desktop_app.days.steps import Notes, keep
from desktop_app.domain.faults import HostFault


def notes(slack: float = 1.0) -> tuple[Notes, list[Any]]:
    said: list[Any] = []
    return Notes(slack, said.append), said


def test_a_step_misses_when_it_takes_longer_than_its_goal_and_slack_moves_durations_alone() -> None:
    strict, _ = notes()
    strict.seconds("a", "3", "take the chair", 1.2, 1)
    strict.seconds("a", "4", "told only", 99)
    strict.equal("d", "3", "sites that answered", 108, 109, why="one was deaf")
    assert [step.what for step in strict.bad] == ["take the chair", "sites that answered"]
    assert strict.bad[1].why == "one was deaf"
    lenient, _ = notes(3)
    lenient.seconds("a", "3", "take the chair", 4.9, 1)
    lenient.seconds("a", "6", "the banner", 14.9, 5)
    lenient.equal("d", "3", "sites that answered", 108, 109)
    assert [step.what for step in lenient.bad] == ["sites that answered"]
    lenient.seconds("a", "6", "the banner", 15.1, 5)
    assert [step.what for step in lenient.bad] == ["sites that answered", "the banner"]


def test_a_step_that_did_not_come_about_is_missed_and_says_why() -> None:
    strict, said = notes()
    strict.missed("b", "1", "the roster opens", HostFault("demo-too-slow", process="terminal", output="x"))
    assert [step.ours for step in strict.bad] == [None]
    assert "demo-too-slow" in said[0]


def test_the_results_are_kept_as_json_and_as_a_table(tmp_path: Path) -> None:
    strict, _ = notes()
    strict.seconds("a", "3", "take the chair", 0.2, 1)
    strict.at_least("a", "7", "speeches", 3, 2)
    written = json.loads(keep(strict.steps, tmp_path).read_text("utf-8"))
    assert [(row["day"], row["step"], row["ours"], row["goal"], row["holds"]) for row in written] == [
        ("a", "3", 0.2, 1, True),
        ("a", "7", 3, 2, True),
    ]
    table = (tmp_path / "days.txt").read_text("utf-8")
    assert "≤ 1" in table
    assert "≥ 2" in table


def test_the_lectures_slides_are_a_pdf_with_its_pages(tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument(write_slides(tmp_path / "slides.pdf", 5))
    assert len(document) == 5
    assert [document[number].get_textpage().get_text_bounded().strip() for number in range(5)] == list("12345")
    document.close()
