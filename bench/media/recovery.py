"""How soon both sites see and hear each other again: after a line was cut for 2, 20 and 90 s, and after an engine died.

The cuts are real, on the hub and on Janus at the same time; then the engine is killed and started again, as the
system's service manager would. A city's engine stays dead: its sites must move.
"""

import asyncio
import tempfile
import time
from pathlib import Path

from bench.rows import Row
from tests.media.engine_stage import HubStage, JanusStage, Meeting, Stage
from tests.media.janus_rig import own_network, why_not
from tests.media.rig import MEETING, TwoWay, until
from tests.media.test_cascade import BOLUO, HUIDONG, PROVINCE, Province

CUTS = (2.0, 20.0, 90.0)
GOAL = 10.0
WITHIN = 60.0


def _row(what: str, seconds: float) -> Row:
    return Row(f"{what}: both ways again, s", round(seconds, 1), None, f"<= {GOAL:.0f}", seconds <= GOAL)


async def _over(name: str, stage: Stage) -> list[Row]:
    meeting = Meeting(stage)
    try:
        await meeting.open()
        _, cable, talk = await meeting.talk()
        rows = []
        for seconds in CUTS:
            cable.cut(True)
            await asyncio.sleep(seconds)
            cable.cut(False)
            rows.append(_row(f"{name}, a line cut for {seconds:.0f} s", await talk.is_back(WITHIN)))
        await stage.kill()
        await until(lambda: not meeting.engine.connected)
        await stage.start()
        return [*rows, _row(f"{name} killed and started again", await talk.is_back(WITHIN))]
    finally:
        await meeting.close()
        await stage.end()


async def _lost_city(folder: Path) -> list[Row]:
    province = Province(folder)
    try:
        await province.open()
        host, near, far = await province.join(PROVINCE, HUIDONG, BOLUO)
        talks = [TwoWay(host, near), TwoWay(host, far), TwoWay(near, far)]
        everybody = (host, near, far)
        sites = frozenset(each.site for each in everybody)
        await province.engine.set_on_air(MEETING, sites)
        for each in everybody:
            others = [other for other in everybody if other is not each]
            each.see(*others)
            each.media.set_speakers(frozenset(other.site for other in others))
            each.media.set_on_air(True)
        for talk in talks:
            await talk.is_back()
        await province.processes["hz"].kill()
        began = time.monotonic()
        for talk in talks:
            await talk.is_back(WITHIN)
        return [_row("a city's engine lost, its sites on the province's", time.monotonic() - began)]
    finally:
        await province.close()


async def _everything(folder: Path, *, has_janus: bool) -> list[Row]:
    stages: dict[str, Stage] = {"hub": HubStage(folder)}
    if has_janus:
        stages["Janus"] = JanusStage(folder)
    found = await asyncio.gather(*(_over(name, stage) for name, stage in stages.items()))
    rows = [row for part in found for row in part]
    return rows + await _lost_city(folder) if has_janus else rows


def rows() -> list[Row]:
    """Two and a half minutes; as root with Janus too."""
    with tempfile.TemporaryDirectory() as name:
        if lacking := why_not():
            print(f"  without Janus: {lacking}")
            return asyncio.run(_everything(Path(name), has_janus=False))
        with own_network("10.77.0.1", "10.77.0.2"):
            return asyncio.run(_everything(Path(name), has_janus=True))
