"""Which media engine a center has, and the configuration it writes for a Janus of its own."""

import asyncio
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.center.engines import engine_seats, media_engine, relay_desk, write_janus_config, write_relay_config
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import OperatorError
from desktop_app.settings import CenterSettings
from media.engine.cascade import CascadeEngine
from media.engine.hub_engine import HubEngine
from media.engine.janus_engine import JanusEngine
from media.transport.relay import RelayDesk, relay_config
from sync.identity.device import DeviceKey
from tests.media.janus_rig import needs_janus, own_network
from tests.media.rig import MEETING, until

KEY = DeviceKey.generate()
JANUS = replace(CenterSettings(), engine="janus", media_ports="40000-41999")
CITIES = replace(JANUS, engines="province=440000@10.9.0.1, huizhou=441300@10.9.0.2")


def test_a_center_has_a_hub_or_one_janus_or_several_as_it_is_set(tmp_path: Path) -> None:
    def kind(settings: CenterSettings) -> type:
        return type(media_engine(tmp_path, settings, KEY, SystemClock()))

    assert kind(CenterSettings()) is HubEngine
    assert kind(JANUS) is JanusEngine
    assert kind(CITIES) is CascadeEngine
    assert [seat.place.unit_path for seat in engine_seats(CITIES)] == ["100000/440000/", "100000/440000/441300/"]


@pytest.mark.parametrize("engines", ["huizhou", "a=441300", "a=4413@h", "a=440000@h,a=441300@i", "A b=440000@h"])
def test_engines_that_are_set_wrong_are_named(engines: str) -> None:
    with pytest.raises(OperatorError) as caught:
        engine_seats(replace(JANUS, engines=engines))
    assert (caught.value.id, caught.value.values["key"]) == ("setting-invalid", "center.engines")


def test_each_engine_has_secrets_of_its_own_in_files_for_its_owner_alone(tmp_path: Path) -> None:
    texts = []
    for name in ("province", "huizhou"):
        written = write_janus_config(CITIES, KEY, name, ("10.1.2.3",), tmp_path / name)
        assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
        texts.append("".join(path.read_text() for path in written))
    secrets = [[line for line in text.splitlines() if "_secret = " in line or "_key = " in line] for text in texts]
    assert len(secrets[0]) == 3
    assert not set(secrets[0]) & set(secrets[1])
    assert 'ws_ip = "10.9.0.2"' in texts[1]
    with pytest.raises(OperatorError) as caught:
        write_janus_config(CITIES, KEY, "nowhere", ("10.1.2.3",), tmp_path)
    assert caught.value.id == "engine-unknown"


def test_the_relay_s_file_is_for_its_owner_alone_and_its_secret_follows_from_the_center_s_key(tmp_path: Path) -> None:
    settings, path = replace(CenterSettings(), relay="10.1.2.4:3478"), tmp_path / "turnserver.conf"
    write_relay_config(settings, KEY, ("10.1.2.3",), path)
    lines = path.read_text().splitlines()
    desk = relay_desk(settings, KEY)
    assert desk is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {"listening-ip=10.1.2.4", "allowed-peer-ip=10.1.2.3", f"static-auth-secret={desk.secret}"} <= set(lines)
    assert "allow-loopback-peers" not in lines
    other = relay_desk(settings, DeviceKey.generate())
    assert other is not None
    assert other.secret != desk.secret
    assert relay_desk(CenterSettings(), KEY) is None
    assert "listening-ip" not in relay_config(RelayDesk("", 3478, "s"), engines=("10.1.2.3",), ports=(1, 2))


@pytest.mark.parametrize("relay", ["10.1.2.4", "host:", "host:70000", "host:port"])
def test_a_relay_that_is_set_wrong_is_named(relay: str) -> None:
    with pytest.raises(OperatorError) as caught:
        relay_desk(replace(CenterSettings(), relay=relay), KEY)
    assert caught.value.values["key"] == "center.relay"


@needs_janus
@pytest.mark.processes
async def test_a_janus_with_the_written_configuration_serves_this_center_and_no_other(tmp_path: Path) -> None:
    with own_network("10.77.0.1"):
        write_janus_config(JANUS, KEY, "province", ("10.77.0.1",), tmp_path / "etc")
        janus = await asyncio.create_subprocess_exec(
            "janus", "-F", str(tmp_path / "etc"), "--disable-colors", stdout=asyncio.subprocess.DEVNULL
        )
        ours = media_engine(tmp_path, JANUS, KEY, SystemClock())
        other = media_engine(tmp_path / "etc", JANUS, DeviceKey.generate(), SystemClock())
        try:
            await ours.open()
            await until(lambda: ours.connected)
            await ours.create_room(MEETING)
            assert (await ours.stats(MEETING))["publishers"] == {}
            await other.open()
            await asyncio.sleep(0.5)
            assert not other.connected
        finally:
            await ours.close()
            await other.close()
            janus.kill()
            await janus.wait()
