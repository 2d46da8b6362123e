"""Every fault and every reason of the records has a sentence in both languages."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RAISES = {"HostFault", "OperatorError", "PeerFault", "LinkFault", "Refused", "Held", "fault"}
PARTS = ("center", "documents", "log", "merge", "replication", "store", "terminal")


def _ids() -> set[str]:
    found: set[str] = set()
    for part in PARTS:
        for file in (ROOT / "sync" / part).glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                    continue
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in RAISES and isinstance(node.args[0].value, str):
                    found.add(node.args[0].value)
    return found


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_fault_of_the_records_has_a_sentence(language: str) -> None:
    from ui.i18n.catalogue import read_catalogue

    sentences = read_catalogue(ROOT / "ui" / "i18n" / language)
    ids = _ids()
    assert len(ids) > 40
    assert {each for each in ids if f"fault.{each}" not in sentences} == set()
