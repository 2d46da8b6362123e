"""No fault of identity, enrolment, settings or the center reaches a person as a bare id."""

import re
from pathlib import Path

import pytest

from ui.i18n.catalogue import read_catalogue

ROOT = Path(__file__).parents[2]
MODULES = [
    *sorted((ROOT / "sync" / "identity").glob("*.py")),
    *(
        ROOT / "desktop_app" / f"{name}.py"
        for name in ("authentication", "center", "center_command", "center_keys", "doctor", "hub_process", "settings")
    ),
]
ELSEWHERE = {"disk-full", "disk-failing"}
"""Faults that the records raise too, and whose sentences are held with theirs."""
_RAISED = re.compile(r"(?:OperatorError|PeerFault|HostFault)\(\s*\"([a-z-]+)\"")


def raised() -> set[str]:
    return {found for module in MODULES for found in _RAISED.findall(module.read_text("utf-8"))}


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_fault_raised_here_has_a_sentence(language: str) -> None:
    sentences = read_catalogue(ROOT / "ui" / "i18n" / language)
    assert len(raised()) > 50
    assert sorted(fault for fault in raised() - ELSEWHERE if f"fault.{fault}" not in sentences) == []
