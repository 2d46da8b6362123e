"""The simulated meeting: a real center process, real clients, and figures that it holds or not."""

import json
from pathlib import Path

import pytest

from desktop_app.main import main
from desktop_app.simulate.meeting import places
from desktop_app.simulate.sites import percentile


@pytest.mark.processes
def test_a_small_meeting_is_simulated_and_holds_what_it_must(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    size = ["--sites", "6", "--drop", "1", "--join-seconds", "0.5", "--roll-seconds", "5"]
    code = main(["simulate", "meeting", *size, "--folder", str(tmp_path / "kept"), "--json"])
    found = {one["what"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["roll call: sites counted wrong (count)"]["seconds"] == 0
    assert found["sites whose state differs from the host's (count)"]["seconds"] == 0
    assert found["refusals while they came in (count)"]["seconds"] == 0
    too_slow = {what for what, one in found.items() if one["goal"] and one["seconds"] > 3 * one["goal"]}
    assert not too_slow
    assert code == (0 if all(one["holds"] for one in found.values()) else 1)
    assert (tmp_path / "kept" / "center").is_dir()


@pytest.mark.processes
def test_some_sites_of_a_simulated_meeting_see_the_chair_by_real_media(capsys: pytest.CaptureFixture[str]):
    size = ["--sites", "4", "--drop", "0", "--join-seconds", "0.2", "--roll-seconds", "5"]
    main(["simulate", "meeting", *size, "--media", "2", "--json"])
    found = {one["what"]: one for one in json.loads(capsys.readouterr().out)}
    assert 0 < found["sound and picture are connected: each, p95"]["seconds"] <= 9
    assert found["all of 2 guests see the chair"]["seconds"] > 0
    assert found["the chair's picture, median (pictures a second)"]["seconds"] > 20 / 3
    assert "media connections made anew without a cut (count)" in found


def test_a_size_that_cannot_be_or_a_folder_in_use_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["simulate", "meeting", "--sites", "2"]) == 1
    assert "simulation-size" in capsys.readouterr().err
    assert main(["simulate", "meeting", "--sites", "4", "--drop", "0", "--media", "4"]) == 1
    assert "simulation-size" in capsys.readouterr().err
    assert main(["simulate", "meeting", "--roll-seconds", "4"]) == 1
    assert "roll-seconds" in capsys.readouterr().err
    (tmp_path / "mine").write_text("x")
    assert main(["simulate", "meeting", "--folder", str(tmp_path)]) == 1
    assert "folder-not-empty" in capsys.readouterr().err


def test_a_large_meeting_has_the_province_every_city_and_counties():
    found = places(145)
    assert len(set(found)) == 145
    assert [path.count("/") for path in (found[0], found[1], found[2], found[-1])] == [2, 1, 3, 4]


def test_a_percentile_is_a_value_that_was_measured():
    assert (percentile([], 0.99), percentile([3.0, 1.0, 2.0], 0.5), percentile([1.0, 2.0], 0.99)) == (0.0, 2.0, 2.0)
