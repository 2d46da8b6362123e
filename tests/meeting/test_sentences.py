"""Whoever is refused reads one sentence that says why, in both languages."""

from pathlib import Path

import pytest

import ui.i18n
from media.meeting.decide import REFUSALS
from ui.i18n.catalogue import places, read_catalogue

OF_THE_SOCKET = {
    *("center-answers-otherwise", "center-not-trusted", "center-silent", "center-stopping", "event-misplaced"),
    *("field-invalid", "field-missing", "kind-unknown", "log-damaged", "log-not-stored", "media-busy", "replaced"),
    *("message-too-large", "message-unreadable", "too-many-messages", "too-silent", "too-slow", "center-refused"),
}
FOLDER = Path(ui.i18n.__file__).parent


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_refusal_and_fault_of_a_meeting_has_its_sentence(language: str):
    catalogue = read_catalogue(FOLDER / language)
    missing = {fault for fault in REFUSALS | OF_THE_SOCKET if f"fault.{fault}" not in catalogue}
    assert not missing


def test_both_languages_have_the_same_places():
    chinese, english = read_catalogue(FOLDER / "zh_CN"), read_catalogue(FOLDER / "en")
    for fault in REFUSALS | OF_THE_SOCKET:
        assert places(chinese[f"fault.{fault}"]) == places(english[f"fault.{fault}"])
