"""Commands and events as JSON, and the one gate through which everything from outside comes in.

Whatever arrives, reading it yields a well-formed value or raises PeerFault with a stable id, never anything else. Texts
are bounded, free of control characters and valid Unicode; numbers are bounded; unknown fields are ignored, so that a
newer peer may add some. docs/protocol/meeting.md describes it in prose.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from desktop_app.domain.clock import moment, stamp
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import DeviceId, MeetingId, PersonId, UnitPath
from desktop_app.domain.limits import CONTROL_MESSAGE, SITES
from media.meeting.commands import Command
from media.meeting.events import Event, StoredEvent
from media.meeting.health import Health, SiteHealth
from media.meeting.model import FloorRequest, MeetingState
from media.meeting.roll_call import RollCall

TEXT = 200
"""Characters of a name or title; the fields below have their own bound."""
TEXT_OF = {
    "request_id": 64,
    "member_id": 64,
    "item_id": 64,
    "item_type": 40,
    "message_id": 64,
    "sector": 40,
    "inquiry_id": 64,
    "document": 64,
}
NUMBER = 100_000
SEQ = 1 << 53
AGENDA_ITEMS = 200
COMMAND_ID = 64
PING = '{"t":"ping"}'
"""The text of a ping that says nothing else: most messages are this one."""
ITEMS = 200
"""Items of a list: sites, items of an agenda; the lists below have their own bound."""
ITEMS_OF: dict[Any, int] = {FloorRequest: 20_000, RollCall: 100}
CALLS = 20_000
"""Calls made by voice in one roll call, as far as a state is taken."""

_UNIT_PATH = re.compile(r"(?:[0-9]{6}/){1,4}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DEVICE = re.compile(r"[0-9a-f]{32}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def read_message(text: str | bytes, limit: int = CONTROL_MESSAGE) -> dict[str, Any]:
    """One message of the socket: a JSON object of at most `limit` bytes with a text `t`. Raises PeerFault."""
    if not isinstance(text, str):
        raise PeerFault("message-unreadable")
    if len(text) > limit or len(text.encode("utf-8", "surrogatepass")) > limit:
        raise PeerFault("message-too-large", limit=limit)
    try:
        message = _DECODER.decode(text)
    except (ValueError, RecursionError) as err:
        raise PeerFault("message-unreadable") from err
    if not isinstance(message, dict) or not isinstance(message.get("t"), str):
        raise PeerFault("message-unreadable")
    return message


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)  # json.loads would make one for each message, dumps too
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)


def write_message(message: dict[str, Any]) -> str:
    """The canonical text of a message: compact, keys sorted, Unicode as it is."""
    return _ENCODER.encode(message)


def read_command(value: object) -> Command:
    """A command from its JSON object; raises PeerFault."""
    command: Command = _read_kind(value, _COMMANDS)
    return command


def write_command(command: Command) -> dict[str, Any]:
    return _write_kind(command)


def read_event(value: object) -> Event:
    """An event from its JSON object; raises PeerFault."""
    event: Event = _read_kind(value, _EVENTS)
    return event


def write_event(event: Event) -> dict[str, Any]:
    return _write_kind(event)


def read_stored(value: object) -> StoredEvent:
    """One line of a meeting's log; raises PeerFault."""
    body = _object(value)
    by = body.get("by", "")
    return StoredEvent(
        seq=read_number(body.get("seq"), low=1, high=SEQ),
        event=read_event(body.get("event")),
        command_id=read_text(body.get("command", ""), COMMAND_ID),
        by=UnitPath("") if by == "" else read_unit_path(by),
    )


def write_stored(stored: StoredEvent) -> dict[str, Any]:
    return {
        "seq": stored.seq,
        "event": write_event(stored.event),
        "command": stored.command_id,
        "by": stored.by,
    }


def read_state(value: object) -> MeetingState:
    """A whole state from its JSON object; raises PeerFault."""
    state: MeetingState = _read_fields(MeetingState, _object(value))
    return state


def write_state(state: MeetingState) -> dict[str, Any]:
    """What is as an empty state has it is left out."""
    return _write_told(state)


def read_health(value: object) -> Health:
    """What a terminal says of itself; raises PeerFault."""
    health: Health = _read_fields(Health, _object(value))
    return health


def write_health(health: Health) -> dict[str, Any]:
    return _write_fields(health)


def read_healths(value: object) -> dict[UnitPath, Health]:
    """What the center tells of several sites; raises PeerFault."""
    if not isinstance(value, list) or len(value) > SITES:
        raise PeerFault("field-invalid")
    sites: list[SiteHealth] = [_read_fields(SiteHealth, _object(one)) for one in value]
    return {one.unit_path: one.health for one in sites}


def write_healths(healths: Mapping[UnitPath, Health]) -> list[dict[str, Any]]:
    return [_write_fields(SiteHealth(path, health)) for path, health in healths.items()]


def read_text(value: object, limit: int = TEXT) -> str:
    if not isinstance(value, str) or len(value) > limit or _CONTROL.search(value):
        raise PeerFault("field-invalid")
    return value


def read_raw_text(value: object, limit: int) -> str:
    """A text that may hold anything that JSON may."""
    if not isinstance(value, str) or len(value) > limit:
        raise PeerFault("field-invalid")
    return value


def read_number(value: object, low: int = 0, high: int = NUMBER) -> int:
    if type(value) is not int or not low <= value <= high:
        raise PeerFault("field-invalid")
    return value


def read_unit_path(value: object) -> UnitPath:
    return UnitPath(_matching(_UNIT_PATH, value))


def read_meeting_id(value: object) -> MeetingId:
    return MeetingId(_matching(_UUID, value))


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise PeerFault("field-invalid")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise PeerFault("field-invalid")
    return value


def _time(value: object) -> datetime:
    try:
        return moment(read_text(value, 40))
    except (ValueError, OverflowError) as err:
        raise PeerFault("field-invalid") from err


def _device(value: object) -> DeviceId:
    return DeviceId("" if value == "" else _matching(_DEVICE, value))


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PeerFault("message-unreadable")
    return value


_Item = TypeVar("_Item")


def _several(read: Callable[[object], _Item], most: int) -> Callable[[object], tuple[_Item, ...]]:
    def read_all(value: object) -> tuple[_Item, ...]:
        if not isinstance(value, list) or len(value) > most:
            raise PeerFault("field-invalid")
        return tuple(read(item) for item in value)

    return read_all


def _one_of(kinds: type[Enum]) -> Callable[[object], Enum]:
    def read(value: object) -> Enum:
        try:
            return kinds(read_text(value))
        except ValueError as err:
            raise PeerFault("field-invalid") from err

    return read


def _or_none(read: Callable[[object], _Item]) -> Callable[[object], _Item | None]:
    return lambda value: None if value is None else read(value)


def _unit_path_or_nobody(value: object) -> UnitPath:
    return UnitPath("") if value == "" else read_unit_path(value)


def _person(value: object) -> PersonId:
    return PersonId(read_text(value, 64))


_READERS: dict[Any, Callable[[object], Any]] = {
    bool: _flag,
    int: read_number,
    datetime: _time,
    DeviceId: _device,
    MeetingId: read_meeting_id,
    PersonId: _person,
}


def _reader(name: str, hint: Any, default: object = None) -> Callable[[object], Any]:
    if hint is str:
        limit = TEXT_OF.get(name, TEXT)
        return lambda value: read_text(value, limit)
    if hint is UnitPath:
        return _unit_path_or_nobody if default == "" else read_unit_path
    if hint in _READERS:
        return read_seq if name == "seq" else _READERS[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):  # a NewType makes the first, a class the second
        return _or_none(_reader(name, inner[0]))
    if origin is tuple:
        most = CALLS if name == "called" else ITEMS_OF.get(inner[0], ITEMS)
        return _several(_reader(name, inner[0]), most)
    if origin is Mapping:  # of sites by their path
        items = _several(_reader(name, inner[1]), SITES)
        return lambda value: {item.unit_path: item for item in items(value)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _one_of(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda value: _read_fields(hint, _object(value))
    raise TypeError(f"{name}: nothing reads {hint}")


def read_seq(value: object) -> int:
    return read_number(value, high=SEQ)


def _readers_of(kind: type) -> dict[str, Callable[[object], Any]]:
    hints = get_type_hints(kind)
    return {field.name: _reader(field.name, hints[field.name], field.default) for field in fields(kind)}


def kind_name(kind: type) -> str:
    """The name of a command or event on the wire: `FloorGranted` is `floor_granted`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


_COMMANDS = {kind_name(kind): kind for kind in get_args(Command)}
_EVENTS = {kind_name(kind): kind for kind in get_args(Event)}


def _parts(kind: type) -> set[type]:
    """The dataclasses that fields of this one hold, itself included."""
    found = {kind}
    for hint in get_type_hints(kind).values():
        for part in (hint, *get_args(hint)):
            if isinstance(part, type) and is_dataclass(part):
                found |= _parts(part)
    return found


_FIELDS: dict[type, dict[str, Callable[[object], Any]]] = {
    part: _readers_of(part)
    for kind in (MeetingState, SiteHealth, *_COMMANDS.values(), *_EVENTS.values())
    for part in _parts(kind)
}


def _read_kind(value: object, kinds: dict[str, type]) -> Any:
    body = _object(value)
    name = body.get("kind")
    kind = kinds.get(name) if isinstance(name, str) else None
    if kind is None:
        raise PeerFault("kind-unknown")
    return _read_fields(kind, body)


def _read_fields(kind: type, body: dict[str, Any]) -> Any:
    values = {}
    for name, read in _FIELDS[kind].items():
        if name in body:
            try:
                values[name] = read(body[name])
            except PeerFault as err:
                raise PeerFault(err.id, **{"field": name, **err.values}) from err
    try:
        return kind(**values)
    except TypeError as err:  # a field without a default is missing
        raise PeerFault("field-missing") from err


def _write_kind(value: Command | Event) -> dict[str, Any]:
    return {"kind": kind_name(type(value)), **_write_fields(value)}


def _write_fields(value: Any) -> dict[str, Any]:
    return {name: _plain(getattr(value, name)) for name in _FIELDS[type(value)]}


def _write_told(value: Any) -> dict[str, Any]:
    """As `_write_fields`, without what equals its default."""
    told = {}
    for field in fields(value):
        held = getattr(value, field.name)
        if field.default_factory is not MISSING:
            if held:
                told[field.name] = _plain(held, _write_told)
        elif held != field.default:
            told[field.name] = _plain(held, _write_told)
    return told


def _plain(value: Any, write: Callable[[Any], dict[str, Any]] = _write_fields) -> Any:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, tuple):
        return [_plain(item, write) for item in value]
    if isinstance(value, Mapping):
        return [_plain(item, write) for item in value.values()]
    return write(value)
