"""First words of many records at once, at a restored center: what waited for any of them is freed."""

from pathlib import Path

import pytest
from sync_province import HUIDONG, PROVINCE, Province
from test_restoration import _bring_back, _restored_without_today

from desktop_app.domain.ids import uuid7
from sync.log.write import Write


@pytest.mark.parametrize("others_between", [False, True])
def test_of_many_first_words_in_one_push_those_that_are_awaited_free_what_waits(
    province: Province, tmp_path: Path, others_between: bool
) -> None:
    """Whatever else the center was told of that lies between their ids, and however few are awaited."""
    host, colleague = province.terminal(HUIDONG), province.terminal(HUIDONG)
    meeting = province.meeting(host)
    province.sync(host, colleague)
    province.center.backup(tmp_path / "yesterday.db")
    pks = [uuid7(at) for at in range(40)]
    opinions = [
        Write("opinion", pk, {"meeting": meeting, "site": HUIDONG, "text": "原话", "state": "noted"}) for pk in pks
    ]
    host.write(*opinions)
    province.sync(host, colleague)
    edited = (pks[7], pks[30])
    colleague.write(*(Write("opinion", pk, {"text": "改过的话"}) for pk in edited))
    if others_between:
        fields = {"meeting": meeting, "site": HUIDONG, "text": "别的话", "state": "noted"}
        colleague.write(*(Write("opinion", uuid7(at % 39), fields) for at in range(60)))
    _restored_without_today(province, tmp_path / "yesterday.db")
    province.push(colleague)
    held = [each.reason for each in province.center.quarantined(PROVINCE)]
    assert held == ["record-awaited"] * 2
    _bring_back(province, host)
    told = {pk: (province.center.get("opinion", pk) or {})["text"] for pk in pks}
    assert told == {pk: "改过的话" if pk in edited else "原话" for pk in pks}
    assert province.center.quarantined(PROVINCE) == []
