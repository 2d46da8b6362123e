"""Nothing that a run starts is left behind."""

import sys
from pathlib import Path

import pytest

from desktop_app.demo.processes import Child, Company
from desktop_app.domain.faults import HostFault

ROUTE = '{"listen": "127.0.1.98", "target": "127.0.0.1", "tcp": [], "udp": []}'
FORWARDER = [sys.executable, "-m", "desktop_app.demo.forwarder"]
pytestmark = pytest.mark.processes


def _forwarder(company: Company, folder: Path) -> Child:
    return company.start("cable", FORWARDER, output=folder / "cable.log", environment={})


def test_a_child_answers_line_by_line_and_its_output_is_kept(tmp_path: Path) -> None:
    with Company() as company:
        child = _forwarder(company, tmp_path)
        assert child.ask(ROUTE) == {"listening": "127.0.1.98"}
        assert child.ask("cut")["up"] is False
    assert "listening" in (tmp_path / "cable.log").read_text()


def test_what_a_child_prints_in_confidence_is_in_no_file(tmp_path: Path) -> None:
    with Company() as company:
        child = company.start("cable", FORWARDER, output=tmp_path / "cable.log", environment={}, secret=True)
        assert child.ask(ROUTE) == {"listening": "127.0.1.98"}
    assert (tmp_path / "cable.log").read_text() == ""


def test_every_child_has_ended_when_the_run_breaks_off(tmp_path: Path) -> None:
    children: list[Child] = []

    def run() -> None:
        with Company() as company:
            children.extend((_forwarder(company, tmp_path), _forwarder(company, tmp_path)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert [child.code is None for child in children] == [False, False]


def test_a_child_that_ends_too_early_is_named_at_once(tmp_path: Path) -> None:
    with Company() as company:
        child = company.start(
            "nobody", [sys.executable, "-m", "desktop_app.demo.nobody"], output=tmp_path / "nobody.log", environment={}
        )
        with pytest.raises(HostFault, match="demo-process-ended"):
            child.wait_line(lambda line: True, 10)


def test_other_things_that_were_started_end_after_the_children(tmp_path: Path) -> None:
    ended: list[str] = []
    with Company() as company:
        child = _forwarder(company, tmp_path)
        company.at_end(lambda: ended.append("hub" if child.code is not None else "too early"))
    assert ended == ["hub"]
