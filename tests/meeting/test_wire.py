"""What travels: every command and event comes through unchanged, and whatever else arrives is only ever a PeerFault."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import DeviceId, MeetingId, UnitPath
from media.meeting import wire
from media.meeting.case import REFUSALS
from media.meeting.commands import Command
from media.meeting.events import Event, StoredEvent
from media.meeting.model import AgendaPoint
from tests.meeting.rooms import BOLUO, CITY, HUIDONG, MEETING, PROVINCE, START

texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40)
unit_paths = st.sampled_from([PROVINCE, CITY, HUIDONG, BOLUO])
times = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
    lambda when: when.replace(microsecond=when.microsecond // 1000 * 1000)
)
for hint, strategy in {
    str: texts,
    int: st.integers(0, wire.NUMBER),
    datetime: times,
    UnitPath: unit_paths,
    DeviceId: st.sampled_from([DeviceId(""), DeviceId("0" * 32)]),
    MeetingId: st.just(MEETING),
}.items():
    st.register_type_strategy(hint, strategy)
st.register_type_strategy(AgendaPoint, st.builds(AgendaPoint, started_at=st.none() | times, ended_at=st.none()))

commands = st.one_of(*(st.from_type(kind) for kind in get_args(Command)))
events = st.one_of(*(st.from_type(kind) for kind in get_args(Event)))
stored = st.builds(StoredEvent, st.integers(1, 10**9), events, texts, st.just(UnitPath("")) | unit_paths)


def through_text(value: dict[str, Any]) -> Any:
    return json.loads(wire.write_message(value))


@settings(max_examples=150, deadline=None)
@given(commands, stored)
def test_commands_and_events_come_through_the_wire_unchanged(command, line):
    assert wire.read_command(through_text(wire.write_command(command))) == command
    assert wire.read_event(through_text(wire.write_event(line.event))) == line.event
    assert wire.read_stored(through_text(wire.write_stored(line))) == line


def reads(text: str | bytes) -> None:
    """Every way into the program."""
    body = wire.read_message(text).get("body")
    for read in (wire.read_command, wire.read_event, wire.read_stored):
        with contextlib.suppress(PeerFault):
            read(body)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_messages_only_ever_give_a_peer_fault(data):
    line = data.draw(st.one_of(commands.map(wire.write_command), stored.map(wire.write_stored)))
    for _ in range(data.draw(st.integers(0, 3))):
        target = line
        if isinstance(line.get("event"), dict) and data.draw(st.booleans()):
            target = line["event"]
        key = data.draw(st.sampled_from([*sorted(target), "kind", "t"]) | st.text(max_size=5))
        if data.draw(st.booleans()):
            target[key] = data.draw(junk)
        else:
            target.pop(key, None)
    text = json.dumps({"t": "x", "body": line})
    at = data.draw(st.integers(0, len(text)))
    mutated = data.draw(st.sampled_from([text, text[:at], text[:at] + data.draw(st.text(max_size=3)) + text[at + 1 :]]))
    with contextlib.suppress(PeerFault):
        reads(mutated)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "message-unreadable"),
        (b"{}", "message-unreadable"),
        ("[" * 60_000, "message-unreadable"),
        ('{"t":' * 10_000, "message-unreadable"),
        ('{"t":NaN}', "message-unreadable"),
        ('{"t":' + "9" * 5_000 + "}", "message-unreadable"),
        ('{"t":1}', "message-unreadable"),
        ('{"t":"' + "x" * 70_000 + '"}', "message-too-large"),
        ('{"t":"' + "会" * 30_000 + '"}', "message-too-large"),
    ],
    ids=[
        "empty",
        "binary",
        "deep list",
        "deep object",
        "not a number",
        "long number",
        "no type",
        "long",
        "long in bytes",
    ],
)
def test_a_hostile_message_has_a_stable_fault(text, fault):
    with pytest.raises(PeerFault) as caught:
        wire.read_message(text)
    assert caught.value.id == fault


@pytest.mark.parametrize("name", ["\ud800", "a\x00b", "a\nb", "会" * 201, "\u2028"])
def test_a_name_is_bounded_valid_text_on_one_line(name):
    with pytest.raises(PeerFault) as caught:
        wire.read_command({"kind": "join", "site_name": name})
    assert (caught.value.id, caught.value.values["field"]) == ("field-invalid", "site_name")


def test_an_unknown_field_is_ignored_so_that_a_newer_peer_may_add_one():
    line = {"kind": "opened", "at": "2026-11-20T07:00:00.000Z", "new_in_2030": 1}
    assert wire.read_event(line).at == START


def test_the_protocol_page_names_every_command_event_and_refusal():
    page = (Path(__file__).parents[2] / "docs" / "protocol" / "meeting.md").read_text("utf-8")
    kinds = {wire.kind_name(kind) for kind in (*get_args(Command), *get_args(Event))}
    assert not {name for name in kinds | REFUSALS if f"`{name}`" not in page}
