"""How many writers' changes become one record: the same everywhere, and nobody's word lost in silence."""

import dataclasses
import os
import random
import uuid

from hypothesis import given, settings
from hypothesis import strategies as st
from sync_province import BOLUO, HUIDONG, HUIZHOU, Province, TestClock

from desktop_app.domain.ids import derived_id
from sync.entities import ENTITIES
from sync.log.envelope import Change, Op
from sync.log.hlc import ID_BYTES, HybridClock, capped, change_id, wall_ms
from sync.log.payload import Payload
from sync.merge.fold import RecordState, extend, fold
from sync.merge.projection import heads_of
from sync.terminal.records import Records, Write

MEMBER = derived_id("member", "441323-15-0001")


def _member(terminal: Records, **fields: object) -> None:
    terminal.write(Write("member", MEMBER, {"unit_path": HUIDONG, **fields}))


def _values(store: Records) -> list[list[object]]:
    return [[value["value"] for value in row["values"]] for row in store.conflicts()]


def test_two_offices_that_change_one_field_apart_are_both_heard_until_a_person_decides(province: Province) -> None:
    county, city = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    _member(county, name="张三", post="委员")
    province.sync(county, city)
    province.clock.go_on(minutes=1)
    county.write(Write("member", MEMBER, {"post": "常务委员"}))
    province.clock.go_on(minutes=1)
    city.write(Write("member", MEMBER, {"post": "副主席"}))
    province.sync(county, city)
    province.sync(county, city)
    for store in (county, city, province.center):
        assert _values(store) == [["副主席", "常务委员"]]
        assert (store.get("member", MEMBER) or {})["post"] == "副主席", "provisionally the later one"
    assert county.status().conflicts == 1
    county.write(Write("member", MEMBER, {"post": "秘书长", "name": "张三丰"}))
    assert county.status().conflicts == 1, "an ordinary edit settles no conflict"
    county.settle(Write("member", MEMBER, {"post": "常务委员"}))
    province.sync(county, city)
    for store in (county, city, province.center):
        assert store.conflicts() == []
        assert store.get("member", MEMBER) == {
            "unit_path": HUIDONG,
            "name": "张三丰",
            "post": "常务委员",
            "pk": MEMBER,
        }


def test_different_fields_written_apart_are_both_kept_without_a_conflict(province: Province) -> None:
    county, city = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    _member(county, name="张三")
    province.sync(county, city)
    county.write(Write("member", MEMBER, {"party": "民盟"}))
    city.write(Write("member", MEMBER, {"sector": "医卫"}))
    province.sync(county, city)
    province.sync(county, city)
    for store in (county, city, province.center):
        assert store.conflicts() == []
        row = store.get("member", MEMBER) or {}
        assert (row["party"], row["sector"]) == ("民盟", "医卫")


def test_one_roster_imported_twice_makes_one_member_and_no_conflict(province: Province) -> None:
    county, city = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    for terminal in (county, city):
        _member(terminal, name="张三")
    province.sync(county, city)
    province.sync(county, city)
    county.write(Write("member", MEMBER, {"name": "张珊"}))
    province.sync(county, city)
    for store in (county, city, province.center):
        assert len(store.list("member")) == 1
        assert store.conflicts() == []
        assert (store.get("member", MEMBER) or {})["name"] == "张珊"


def test_a_township_three_days_in_the_future_does_not_win_for_three_days(province: Province) -> None:
    ahead = TestClock()
    ahead.go_on(days=3)
    county, city = province.terminal(HUIDONG, clock=ahead), province.terminal(HUIZHOU)
    _member(county, name="张三", post="甲")
    province.sync(county, city)
    county.write(Write("member", MEMBER, {"post": "来自未来"}))
    province.sync(county, city)
    province.clock.go_on(minutes=1)
    city.write(Write("member", MEMBER, {"post": "之后"}))
    province.sync(city, county)
    for store in (county, city, province.center):
        assert (store.get("member", MEMBER) or {})["post"] == "之后"
        assert store.conflicts() == []
    county.write(Write("member", MEMBER, {"post": "离线甲"}))
    province.clock.go_on(minutes=1)
    province.push(county)
    province.clock.go_on(minutes=1)
    city.write(Write("member", MEMBER, {"post": "离线乙"}))
    province.sync(city, county)
    province.sync(city, county)
    for store in (county, city, province.center):
        assert _values(store) == [["离线乙", "离线甲"]], "the receive stamp capped the clock that ran ahead"


def test_a_record_taken_back_is_gone_everywhere_and_its_history_stays(province: Province) -> None:
    county = province.terminal(HUIDONG)
    _member(county, name="张三")
    county.retract("member", MEMBER, meeting="")
    province.sync(county)
    assert county.list("member") == province.center.list("member") == []
    assert len(county.pending()) == 0
    assert county.status().acknowledged == 2


def test_the_center_writes_through_the_same_log_and_a_fact_is_written_once(province: Province) -> None:
    import pytest

    from desktop_app.domain.faults import OperatorError

    host = province.terminal(HUIDONG)
    guest = province.terminal(BOLUO)
    meeting = province.meeting(host, BOLUO)
    province.sync(host)
    event = Write(
        "meeting_event",
        derived_id(meeting, 1, "event"),
        {"meeting": meeting, "seq": 1, "at": "2026-11-20T07:00:00.000Z", "kind": "joined", "body": "{}"},
    )
    speech = Write("speech", derived_id(meeting, 1, "speech"), {"meeting": meeting, "speech_no": 1, "seconds": 60})
    with province.center.transaction() as transaction:
        transaction.append(event, actor=province.actor)
        transaction.set_cursor("speeches", 1)
        assert province.center.list("meeting_event") == []
        province.center.append(speech, actor=province.actor)
        assert len(transaction.list("speech")) == 1
    assert province.center.cursor("speeches") == 1
    with pytest.raises(OperatorError, match="fact-exists"):
        province.center.append(event, actor=province.actor)
    with pytest.raises(RuntimeError, match="died"):
        _die_in_a_transaction(province, dataclasses.replace(speech, fields={"seconds": 99}))
    assert province.center.cursor("speeches") == 1
    province.sync(host, guest)
    for terminal in (host, guest):
        assert [row["seconds"] for row in terminal.list("speech", meeting=meeting)] == [60]
        assert len(terminal.list("meeting_event", meeting=meeting)) == 1


def _die_in_a_transaction(province: Province, write: Write) -> None:
    with province.center.transaction() as transaction:
        transaction.append(write, actor=province.actor)
        transaction.set_cursor("speeches", 2)
        raise RuntimeError("the projector died")


# The fold itself


def _changes(rng: random.Random, entity: str, count: int) -> list[tuple[Change, Payload]]:
    """A causal history of several writers: each sees some of what came before."""
    clocks = {name: HybridClock(0) for name in ("a" * 32, "b" * 32, "c" * 32)}
    history: list[tuple[Change, Payload]] = []
    heard: dict[str, list[tuple[Change, Payload]]] = {name: [] for name in clocks}
    names = ["name", "post", "party"]
    for seq in range(count):
        writer = rng.choice(sorted(clocks))
        if rng.random() < 0.4:
            heard[writer] = list(history)
        state = fold(ENTITIES[entity], heard[writer])
        hlc = clocks[writer].tick(rng.randrange(1000, 1020))
        fact = entity == "sign_in"
        op = rng.choice([Op.PUT, Op.PUT, Op.RETRACT]) if fact else rng.choice([Op.PUT] * 6 + [Op.UPDATE])
        fields = {name: rng.choice("甲乙丙") for name in rng.sample(names, rng.randint(1, 3))}
        if op is not Op.PUT:
            fields = {}
        bases = heads_of(state, fields) if op is Op.PUT and not fact else {}
        change = Change(
            change_id(hlc, rng.randbytes(ID_BYTES)),
            writer,
            1,
            seq,
            hlc,
            entity,
            "pk",
            op,
            1,
            f"person {writer[0]}",
            writer,
            f"{writer[0]}/",
            "m",
            b"",
            b"",
            b"",
            1003 + seq,
        )
        history.append((change, Payload(fields, bases)))
        heard[writer].append(history[-1])
    return history


def _shown(state: RecordState) -> tuple[object, ...]:
    clocks = {name: sorted(heads) for name, heads in state.clocks.items()}
    return (state.fields, clocks, state.retracted, state.person, state.owner_path, sorted(state.conflicts))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(["member", "sign_in", "minutes"]), st.integers(1, 9))
def test_any_order_of_the_same_changes_makes_the_same_record(seed: int, entity: str, count: int) -> None:
    rng = random.Random(seed)
    history = _changes(rng, entity, count)
    whole = fold(ENTITIES[entity], history)
    shuffled = rng.sample(history, len(history))
    assert _shown(fold(ENTITIES[entity], shuffled)) == _shown(whole)
    state = RecordState()
    for at, (change, payload) in enumerate(shuffled):
        if not extend(ENTITIES[entity], state, change, payload):
            state = fold(ENTITIES[entity], shuffled[: at + 1])
    assert _shown(state) == _shown(whole), "the short way and the whole fold say the same"


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 50), st.integers(0, 60)), max_size=60))
def test_a_clock_only_goes_forward_and_its_change_ids_with_it(steps: list[tuple[bool, int, int]]) -> None:
    clock = HybridClock(0)
    last = ("", 0)
    for ticks, now, other in steps:
        if ticks:
            hlc = clock.tick(now)
            made = change_id(hlc, os.urandom(ID_BYTES))
            assert uuid.UUID(made).version == 7
            assert (made, hlc) > last
            assert uuid.UUID(made).int >> 80 == wall_ms(hlc)
            last = (made, hlc)
        else:
            clock.absorb(other << 16, now)
            assert clock.last <= max(last[1], *(capped(o << 16, n) for t, n, o in steps if not t))


def test_thousands_of_changes_in_one_millisecond_stay_in_order() -> None:
    clock = HybridClock(0)
    ids = [change_id(clock.tick(5), os.urandom(ID_BYTES)) for _ in range(10_000)]
    assert ids == sorted(ids)
    assert clock.stamp(5) > 5
