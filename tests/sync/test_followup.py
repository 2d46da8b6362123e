"""意见跟踪: an opinion goes from the meeting to its reply and the look-back, offline too, and only step by step."""

import asyncio
from datetime import timedelta

import pytest
from sync_province import BOLUO, HUIDONG, HUIZHOU, Province

from desktop_app.domain.clock import stamp
from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.domain.handling import STEPS, Handling, ReplyClass, allowed
from desktop_app.domain.ids import derived_id
from sync.center.numbering import Numbering
from sync.meetings.followup import FollowUp
from sync.terminal.records import Records, Write


class Office:
    """A county's clerk who follows opinions."""

    def __init__(self, province: Province) -> None:
        self.province = province
        self.records: Records = province.terminal(HUIDONG)
        self.meeting = province.meeting(self.records, BOLUO)
        self.desk = FollowUp(self.records, HUIDONG, province.clock)

    def opinion(self) -> str:
        return self.desk.add(meeting=self.meeting, member_name="委员05", text="建议巡回诊疗", topic="医疗")

    def state(self, opinion: str) -> str:
        return str((self.records.get("opinion", opinion) or {})["state"])

    def day(self, days: int) -> str:
        return stamp(self.province.clock.now() + timedelta(days=days))

    def to_proposal(self) -> str:
        opinion = self.opinion()
        self.desk.confirm(opinion)
        self.desk.make_clue(opinion, title="巡回诊疗", content="固定路线")
        self.desk.file_proposal(opinion, number="第0042号", main_unit="县卫健局", co_units=["县财政局", " "])
        return opinion


@pytest.fixture
def office(province: Province) -> Office:
    return Office(province)


def refused(office: Office) -> dict[str, str]:
    return {row["pk"]: row["reason"] for row in office.records.quarantine()}


def test_an_opinion_goes_all_the_way_to_its_look_back_without_a_network_and_arrives_whole(office: Office) -> None:
    opinion, desk = office.to_proposal(), office.desk
    desk.reply(opinion, reply_class=ReplyClass.B, text="已列入计划", duty_unit="县卫健局", due_on=office.day(100))
    assert office.state(opinion) == Handling.LOOK_BACK
    desk.look_back(opinion, situation="路线已开通", class_after=ReplyClass.A, participants="委员05")
    assert office.state(opinion) == Handling.CLOSED
    office.province.sync(office.records)
    center = office.province.center
    assert refused(office) == {}
    assert (center.get("opinion", opinion) or {})["state"] == Handling.CLOSED
    [clue], [proposal] = center.list("clue", opinion=opinion), center.list("proposal", opinion=opinion)
    assert (clue["title"], proposal["proposal_no"], proposal["co_units"]) == ("巡回诊疗", "第0042号", ["县财政局"])
    [reply], [seen] = center.list("reply", opinion=opinion), center.list("look_back", opinion=opinion)
    assert (reply["reply_class"], seen["class_before"], seen["class_after"]) == ("B", "B", "A")


def test_a_look_back_that_finds_it_undone_stays_due_and_may_be_handed_out_again(office: Office) -> None:
    opinion, desk = office.to_proposal(), office.desk
    desk.reply(opinion, reply_class=ReplyClass.B, text="正在办", duty_unit="县卫健局", due_on=office.day(30))
    desk.look_back(opinion, situation="车辆未到", class_after=ReplyClass.B, remaining="车辆", next_due=office.day(60))
    assert office.state(opinion) == Handling.LOOK_BACK
    desk.hand_out_again(opinion)
    assert office.state(opinion) == Handling.PROPOSAL
    desk.reply(opinion, reply_class=ReplyClass.A, text="已办", duty_unit="县卫健局")
    office.province.sync(office.records)
    assert refused(office) == {}
    assert len(office.province.center.list("reply", opinion=opinion)) == 2, "both replies are kept"


def test_a_clue_that_is_not_taken_up_says_why_and_may_be_taken_up_later(office: Office) -> None:
    opinion = office.opinion()
    office.desk.confirm(opinion)
    office.desk.make_clue(opinion, title="噪音", content="")
    office.desk.exclude(opinion, reason="个人诉求")
    assert office.state(opinion) == Handling.EXCLUDED
    assert (office.records.get("clue", derived_id("clue", opinion)) or {})["excluded_reason"] == "个人诉求"
    office.desk.reopen(opinion)
    assert office.state(opinion) == Handling.CLUE


def test_a_step_out_of_order_is_refused_and_nothing_of_it_is_kept(office: Office) -> None:
    opinion, desk = office.opinion(), office.desk
    for act in (
        lambda: desk.make_clue(opinion, title="早了", content=""),
        lambda: desk.file_proposal(opinion, number="1", main_unit="县卫健局"),
        lambda: desk.reply(opinion, reply_class=ReplyClass.A, text="早了", duty_unit="县卫健局"),
        lambda: desk.look_back(opinion, situation="早了", class_after=ReplyClass.A),
        lambda: desk.hand_out_again(opinion),
    ):
        with pytest.raises(OperatorError) as told:
            act()
        assert told.value.id == "step-not-allowed"
        assert told.value.values["now"] == "noted"
    assert [office.records.list(entity) for entity in ("clue", "proposal", "reply", "look_back")] == [[], [], [], []]


def test_what_a_step_needs_is_asked_for_in_a_sentence(office: Office) -> None:
    opinion, desk = office.to_proposal(), office.desk
    for missing, act in (
        ("opinion-empty", lambda: desk.add(meeting=office.meeting, member_name="", text=" ")),
        ("opinion-meeting-missing", lambda: desk.add(meeting="", member_name="", text="有话")),
        ("clue-title-missing", lambda: desk.make_clue(opinion, title=" ", content="")),
        ("clue-too-long", lambda: desk.make_clue(opinion, title="题", content="长" * 501)),
        ("exclusion-reason-missing", lambda: desk.exclude(opinion, reason="")),
        ("proposal-unit-missing", lambda: desk.file_proposal(opinion, number="1", main_unit="")),
        ("reply-text-missing", lambda: desk.reply(opinion, reply_class=ReplyClass.A, text="", duty_unit="")),
        ("reply-due-missing", lambda: desk.reply(opinion, reply_class=ReplyClass.B, text="办", duty_unit="")),
        ("reply-reason-missing", lambda: desk.reply(opinion, reply_class=ReplyClass.C, text="难", duty_unit="")),
        ("look-back-empty", lambda: desk.look_back(opinion, situation="", class_after=ReplyClass.A)),
        ("reply-due-missing", lambda: desk.look_back(opinion, situation="未", class_after=ReplyClass.B)),
        ("record-missing", lambda: desk.confirm("nobody")),
    ):
        with pytest.raises(Fault) as told:
            act()
        assert told.value.id == missing
    assert office.state(opinion) == Handling.PROPOSAL


def test_the_center_refuses_a_step_that_skips_one_and_says_so(office: Office) -> None:
    opinion = office.opinion()
    office.records.write(Write("opinion", opinion, {"state": "closed"}, office.meeting))
    strange = office.opinion()
    office.records.write(Write("opinion", strange, {"state": "forgotten"}, office.meeting))
    office.province.sync(office.records)
    assert refused(office) == {opinion: "step-not-allowed", strange: "step-not-allowed"}
    assert (office.province.center.get("opinion", opinion) or {})["state"] == "noted"
    assert office.state(opinion) == "noted", "the terminal shows what the center holds"


def test_two_who_step_apart_offline_both_stay_until_a_person_decides(office: Office) -> None:
    province, opinion = office.province, office.opinion()
    city = province.terminal(HUIZHOU)
    province.sync(office.records, city)
    office.desk.confirm(opinion)
    FollowUp(city, HUIZHOU, province.clock).dismiss(opinion)
    province.sync(office.records, city)
    province.sync(office.records, city)
    assert refused(office) == {}
    assert city.quarantine() == []
    [conflict] = office.records.conflicts()
    assert {value["value"] for value in conflict["values"]} == {"confirmed", "dismissed"}
    office.records.settle(Write("opinion", opinion, {"state": "confirmed"}, office.meeting))
    province.sync(office.records, city)
    assert (city.get("opinion", opinion) or {})["state"] == "confirmed"
    assert city.conflicts() == []


def test_numbers_are_the_centers_and_run_on_per_unit_and_year(office: Office) -> None:
    first, second = office.to_proposal(), office.opinion()
    office.province.sync(office.records)
    numbering = Numbering(office.province.center, office.province.clock)
    assert numbering.give(numbering.unnumbered()) == 2
    assert numbering.give({("opinion", first)}) == 0, "a number is given once"
    office.desk.confirm(second)
    office.province.sync(office.records)
    numbering.give(numbering.unnumbered())
    office.province.sync(office.records)
    assert (office.records.get("opinion", first) or {})["opinion_no"] == "YJ-441323-2026-001"
    assert (office.records.get("opinion", second) or {})["opinion_no"] == "YJ-441323-2026-002"
    assert (office.records.list("clue"))[0]["clue_no"] == "XS-441323-2026-001"
    office.records.write(Write("opinion", second, {"opinion_no": "YJ-1"}, office.meeting))
    office.province.sync(office.records)
    assert refused(office) == {second: "center-only"}


def test_what_is_not_in_the_register_yet_takes_no_turn_to_write(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = office.opinion()
    office.province.sync(office.records)
    center = office.province.center
    monkeypatch.delattr(type(center), "transaction")
    assert Numbering(center, office.province.clock).give({("opinion", noted), ("clue", "unheard of")}) == 0


async def test_a_running_center_numbers_what_comes_in_by_itself(office: Office) -> None:
    opinion = office.to_proposal()
    center, numbered, loop = office.province.center, asyncio.Event(), asyncio.get_running_loop()

    def look(_touched: object) -> None:
        if (center.get("opinion", opinion) or {}).get("opinion_no"):
            loop.call_soon_threadsafe(numbered.set)

    center.subscribe(look)
    numbering = asyncio.create_task(Numbering(center, office.province.clock).run())
    await asyncio.to_thread(office.province.sync, office.records)
    async with asyncio.timeout(20):
        await numbered.wait()
    numbering.cancel()
    await asyncio.wait({numbering})


def test_every_state_can_be_reached_and_leads_on_until_it_is_closed() -> None:
    reached = {"", *(step.value for steps in STEPS.values() for step in steps)}
    assert reached == {"", *Handling}
    assert [state for state in Handling if not STEPS[state]] == [Handling.CLOSED]
    assert allowed("closed", "closed")
    assert not allowed("closed", "noted")
    assert not allowed("unknown", "noted")
