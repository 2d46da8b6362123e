"""The pages of the protocol are enough: a client that was written from them alone works with a center as it runs."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.principal import Role
from desktop_app.simulate.center import SimulatedCenter, opened_center
from tests.processes.stranger import Stranger, sums_of

HUIDONG = UnitPath("100000/440000/441300/441323/")


@pytest.mark.processes
def test_a_client_written_from_the_documents_enrols_pushes_and_reads_what_is_proven(tmp_path: Path) -> None:
    clock = SystemClock()
    with SimulatedCenter(tmp_path / "center", clock) as center:
        with opened_center(center.folder, center._passphrase, clock) as opened:
            roles = frozenset({Role.HOST, Role.CLERK})
            code = opened.keys.codes.issue(HUIDONG, roles, clock.now(), timedelta(hours=1))
        center.start()
        host, _, port = center.url.removeprefix("https://").rpartition(":")
        stranger = Stranger(host, int(port))
        stranger.enrol(str(code))
        assert stranger.unit == HUIDONG
        meeting, opinion = str(uuid.uuid4()), str(uuid.uuid4())
        fields = {"title": "陌生人的会", "convener_unit": stranger.unit, "invited": [], "state": "planned"}
        said = {"meeting": meeting, "site": stranger.unit, "text": "由文档写成", "state": "noted"}
        ids, verdicts = stranger.push(("meeting", meeting, fields, meeting), ("opinion", opinion, said, meeting))
        assert verdicts == []
        items, sums = stranger.pull()
        assert [str(uuid.UUID(bytes=each[0])) for each in items if each[1].hex() == stranger.device] == ids
        assert len(items) > 2, "the units too"
        assert sums_of(items) == sums
