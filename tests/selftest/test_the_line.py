"""The line to the center, measured through the center's own gate."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.identity.requests import RequestSigner
from sync.replication.client import CenterClient, LinkFault
from sync.terminal.line import LineReport, measure_line
from tests.center.asking import HUIDONG, OpenCenter


@dataclass
class RunningClock:
    """The center's wall clock, and a real monotonic one."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return time.monotonic()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[OpenCenter]:
    opened = OpenCenter(tmp_path)
    yield opened
    opened.close()


class Slow(httpx.AsyncBaseTransport):
    """A line of so many bytes a second in front of the center."""

    def __init__(self, inner: httpx.AsyncBaseTransport, bytes_per_second: float) -> None:
        self._inner, self._rate = inner, bytes_per_second

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        size = len(await request.aread())
        response = await self._inner.handle_async_request(request)
        size += len(await response.aread())
        await asyncio.sleep(size / self._rate)
        return response


def measured(office: OpenCenter, wrap: Any = lambda inner: inner) -> LineReport:
    identity = office.enrolled(HUIDONG)
    clock = RunningClock(office.clock.at)

    async def run() -> LineReport:
        transport = wrap(httpx.ASGITransport(office.center.app))
        client = CenterClient("http://center", "", RequestSigner(identity), clock, transport=transport)
        try:
            return await measure_line(client, clock)
        finally:
            await client.close()

    return asyncio.run(run())


def test_a_wide_line_is_measured_both_ways(office: OpenCenter) -> None:
    report = measured(office)
    assert report.up_kbps > 2_000
    assert report.down_kbps > 2_000
    assert report.delay_ms < 2_000


def test_a_narrow_line_is_found_narrow(office: OpenCenter) -> None:
    report = measured(office, lambda inner: Slow(inner, 80_000))
    assert 100 < report.up_kbps < 700
    assert 100 < report.down_kbps < 700


def test_a_center_that_is_not_there_is_a_fault(office: OpenCenter) -> None:
    def nobody(_inner: object) -> httpx.AsyncBaseTransport:
        def refuse(_request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("nobody there")

        return httpx.MockTransport(refuse)

    with pytest.raises(LinkFault, match="center-unreachable"):
        measured(office, nobody)


def test_nobody_gets_more_than_a_megabyte_of_noise(office: OpenCenter) -> None:
    identity = office.enrolled(HUIDONG)
    for target in ("/v1/line?bytes=1048577", "/v1/line?bytes=-1", "/v1/line"):
        headers = RequestSigner(identity).headers("GET", target, now=office.clock.at)
        assert office.ask("GET", target, headers).id == "query-malformed"
