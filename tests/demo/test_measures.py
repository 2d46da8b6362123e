"""The summary's figures come from what a terminal recorded, and say nothing where nothing was recorded."""

from typing import Any

from desktop_app.demo.measures import Cut, control_back, drained, media_back, site

OWN, CITY, PROVINCE = "1/2/3/4/", "1/2/3/", "1/2/"


def sample(second: float, painted: dict[str, int], **more: Any) -> dict[str, Any]:
    return {
        "kind": "sample",
        "monotonic": 1000 + second,
        "unix": 5000 + second,
        "grid": True,
        "online": [OWN, CITY, PROVINCE],
        "on_air": [],
        "painted": painted,
        "first_paint": {},
        "audio": {},
        "control": True,
        "pending": 0,
        **more,
    }


def sound(due: int, decoded: int, fec: int = 0) -> dict[str, Any]:
    return {"on_air": [CITY], "audio": {CITY: {"due": due, "decoded": decoded, "fec": fec, "concealed": 0}}}


def test_the_first_picture_counts_from_the_click_to_the_first_paint() -> None:
    lines = [
        {"kind": "join", "monotonic": 1000.0, "unix": 5000.0},
        sample(1, {}, first_paint={CITY: None}),
        sample(2, {}, first_paint={CITY: 1001.25, PROVINCE: 1001.75}),
    ]
    assert site(OWN, 4, lines, [CITY], []).first_picture_s == 1.25


def test_without_a_click_or_a_paint_there_is_no_first_picture() -> None:
    assert site(OWN, 4, [sample(1, {}, first_paint={CITY: 1001.0})], [CITY], []).first_picture_s is None
    assert site(OWN, 4, [{"kind": "join", "monotonic": 0.0, "unix": 0.0}], [CITY], []).first_picture_s is None


def test_the_rate_of_pictures_is_that_of_the_worst_remote_site() -> None:
    lines = [sample(second, {CITY: 1 + 25 * second, PROVINCE: 1 + 20 * second}) for second in range(5)]
    assert site(OWN, 4, lines, [CITY, PROVINCE], []).video_fps == 20


def test_a_remote_site_that_was_never_painted_leaves_the_rate_unknown() -> None:
    lines = [sample(second, {CITY: 1 + 25 * second}) for second in range(5)]
    assert site(OWN, 4, lines, [CITY, PROVINCE], []).video_fps is None


def test_time_on_another_page_does_not_count_against_the_pictures() -> None:
    lines = [sample(0, {CITY: 1}), sample(1, {CITY: 26}), sample(2, {CITY: 51}), sample(3, {CITY: 51}, grid=False)]
    lines += [sample(4, {CITY: 51}), sample(5, {CITY: 76})]
    assert site(OWN, 4, lines, [CITY], []).video_fps == 25


def test_a_picture_that_stands_still_while_nothing_is_cut_does_count() -> None:
    lines = [sample(0, {CITY: 1}), sample(1, {CITY: 26}), sample(2, {CITY: 26})]
    assert site(OWN, 4, lines, [CITY], []).video_fps == 12.5


def test_a_terminal_that_stood_still_for_seconds_does_not_get_them_for_free() -> None:
    lines = [sample(0, {CITY: 1}), sample(1, {CITY: 26}), sample(6, {CITY: 31})]
    assert site(OWN, 4, lines, [CITY], []).video_fps == 5


def test_the_cut_and_the_way_back_from_it_are_left_out() -> None:
    cut = Cut(OWN, 5001.5, 5003.5)
    lines = [sample(0, {CITY: 1}), sample(1, {CITY: 26}), sample(2, {CITY: 30}), sample(3, {CITY: 30})]
    lines += [sample(4, {CITY: 30}), sample(5, {CITY: 40}), sample(6, {CITY: 65}), sample(7, {CITY: 90})]
    assert site(OWN, 4, lines, [CITY], [cut]).video_fps == 25
    assert media_back(cut, [CITY], lines) == 1.5


def test_pictures_that_never_come_back_are_not_called_back() -> None:
    cut = Cut(OWN, 5001.5, 5003.5)
    lines = [sample(second, {CITY: 30}, control=False, pending=3) for second in range(9)]
    assert media_back(cut, [CITY], lines) is None
    assert control_back(cut, lines) is None
    assert drained(cut, lines) is None


def test_the_queue_is_drained_when_a_sample_after_the_cut_says_that_nothing_waits() -> None:
    cut = Cut(OWN, 5001.5, 5003.5)
    lines = [sample(1, {}), sample(4, {}, pending=7), sample(5, {}, pending=0)]
    assert drained(cut, lines) == 1.5


def test_recovered_frames_count_as_played_and_concealed_ones_do_not() -> None:
    lines = [sample(0, {}, **sound(0, 0)), sample(1, {}, **sound(50, 45, 4)), sample(2, {}, **sound(100, 90, 8))]
    assert site(OWN, 4, lines, [CITY], []).audio_played_share == 0.98


def test_sound_is_only_due_while_the_other_site_is_on_air() -> None:
    lines = [sample(0, {}, **sound(0, 0)), sample(1, {}, **sound(50, 50))]
    lines += [sample(2, {}, **{**sound(100, 50), "on_air": []}), sample(3, {}, **{**sound(150, 50), "on_air": []})]
    assert site(OWN, 4, lines, [CITY], []).audio_played_share == 1


def test_a_terminal_that_never_heard_anybody_has_no_share() -> None:
    assert site(OWN, 4, [sample(0, {}), sample(1, {})], [CITY], []).audio_played_share is None
