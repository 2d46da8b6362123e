"""A run is good only when every figure was measured and reaches its goal."""

from typing import Any

import pytest

from desktop_app.demo.verdict import rows, table
from desktop_app.demo.wording import words

NAMES = {"1/": "甲政协", "1/2/": "乙政协"}


def summary() -> dict[str, Any]:
    site = {"level": 1, "first_picture_s": 1.2, "video_fps": 24.8, "audio_played_share": 0.999}
    return {
        "sites": [{"unit_path": path, **site} for path in NAMES],
        "offline": {"seconds": 20.1, "changes_written": 9, "control_back_s": 2.0, "media_back_s": 3.0},
        "sync": {
            "local_changes": 90,
            "center_changes": 90,
            "missing": 0,
            "duplicates": 0,
            "receipts": 12,
            "seconds": 2.5,
        },
        "minutes": {"terminal_sha256": "ab", "center_sha256": "ab"},
        "sign_ins": 12,
        "speeches": 2,
        "exports": ["a.docx", "b.xlsx"],
        "screenshots": [f"{number}.png" for number in range(8)],
    }


def _fails(figures: dict[str, Any]) -> list[str]:
    return [row.name for row in rows(figures, names=NAMES) if not row.holds]


def test_a_run_that_reaches_everything_is_good() -> None:
    assert _fails(summary()) == []


@pytest.mark.parametrize(
    ("part", "figure", "value"),
    [
        ("offline", "media_back_s", None),
        ("offline", "changes_written", 0),
        ("sync", "missing", 1),
        ("sync", "duplicates", 2),
        ("sync", "center_changes", 89),
        ("sync", "seconds", None),
    ],
)
def test_one_figure_that_is_wrong_or_missing_spoils_the_run(part: str, figure: str, value: Any) -> None:
    figures = summary()
    figures[part][figure] = value
    assert _fails(figures) == [f"{part}.{figure}"]


@pytest.mark.parametrize(
    ("figure", "value"), [("video_fps", 19.9), ("audio_played_share", None), ("first_picture_s", 99)]
)
def test_one_terminal_that_sees_or_hears_too_little_spoils_the_run(figure: str, value: Any) -> None:
    figures = summary()
    figures["sites"][1][figure] = value
    assert _fails(figures) == [f"乙政协 {figure}"]


def test_two_missing_hashes_are_not_equal_hashes() -> None:
    figures = summary()
    figures["minutes"] = {"terminal_sha256": None, "center_sha256": None}
    assert _fails(figures) == ["minutes"]


def test_the_table_keeps_its_columns_under_chinese_names() -> None:
    lines = table(rows(summary(), names=NAMES)).splitlines()
    columns = {sum(2 if ord(letter) > 0x2E7F else 1 for letter in line[: line.rindex("  ")]) for line in lines}
    assert len(columns) == 1


def test_every_sentence_is_there_in_both_languages() -> None:
    from desktop_app.demo.wording import _WORDS

    assert len({frozenset(texts) for texts in _WORDS.values()}) == 1
    assert words("zh_CN", "codes", count=4) == "激活码已发放：4 个"
    assert words("en", "codes", count=4) == "4 activation codes issued"
