"""What the interface says: both languages whole, and a sentence for whatever can go wrong."""

import ast
from collections import Counter
from pathlib import Path

import pytest

import ui.i18n
from desktop_app.domain.faults import HostFault, OperatorError
from sync.entities import ENTITIES
from ui.i18n import LANGUAGES, catalogue, fault_text, has, set_language, t
from ui.i18n.catalogue import catalogue_lines, places

ROOT = Path(ui.i18n.__file__).parents[2]
FAULTS = {"Fault", "OperatorError", "PeerFault", "HostFault", "LinkFault", "Refusal", "Refused"}


def raised_ids(names: set[str]) -> dict[str, str]:
    """Every id that the code gives to one of these, and where."""
    found: dict[str, str] = {}
    for package in ("desktop_app", "media", "sync", "ui"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in names:
                    for part in ast.walk(node.args[0]):
                        if isinstance(part, ast.Constant) and isinstance(part.value, str) and "-" in part.value:
                            found[part.value] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return found


def test_both_languages_have_the_same_sentences() -> None:
    chinese, english = (set(catalogue(language)) for language in LANGUAGES)
    assert chinese - english == set()
    assert english - chinese == set()


def test_both_languages_have_the_same_places_to_fill() -> None:
    chinese, english = (catalogue(language) for language in LANGUAGES)
    differing = {
        key: (places(chinese[key]), places(english[key]))
        for key in chinese
        if key in english and places(chinese[key]) != places(english[key]) and not key.startswith("date.")
    }
    assert differing == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_stands_in_two_places(language: str) -> None:
    keys = Counter(key for _, key, _ in catalogue_lines(Path(ui.i18n.__file__).parent / language))
    assert [key for key, times in keys.items() if times > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_can_be_raised_has_a_sentence(language: str) -> None:
    known = catalogue(language)
    raised = raised_ids(FAULTS)
    assert len(raised) > 100
    assert {fault: place for fault, place in raised.items() if f"fault.{fault}" not in known} == {}


def test_a_fault_is_told_with_its_values() -> None:
    fault = OperatorError("activation-code-wrong", tries=1)
    assert "还可试 1 次" in fault_text(fault)
    set_language("en")
    assert "1" in fault_text(fault)


def test_a_value_that_is_missing_never_shows_its_place() -> None:
    assert "{" not in fault_text(HostFault("roster-columns-missing"))


def test_a_fault_without_a_sentence_still_says_what_is_safe() -> None:
    assert "never-heard-of" in fault_text(HostFault("never-heard-of"))
    assert "不受影响" in fault_text(HostFault("never-heard-of"))


def test_english_counts_one_and_many() -> None:
    set_language("en")
    assert t("test.advice", 1) == "Ready; 1 item to look at"
    assert t("test.advice", 2) == "Ready; 2 items to look at"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_record_has_a_word(language: str) -> None:
    set_language(language)
    assert [entity for entity in ENTITIES if not has(f"entity.{entity}")] == []


def test_no_member_of_the_public_is_told_of_a_conflict_in_that_word() -> None:
    assert [key for key, text in catalogue("zh_CN").items() if "冲突" in text] == []


def test_english_has_one_spelling_for_the_center() -> None:
    assert [key for key, text in catalogue("en").items() if "centre" in text.lower()] == []
