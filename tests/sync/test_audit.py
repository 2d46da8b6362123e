"""Who did what: security events are changes like any other, and who watches does none of the work that is watched."""

import pytest
from sync_province import HUIDONG, HUIZHOU, SHANWEI, Province

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import PersonId, derived_id
from sync.log.audit import AuditKind
from sync.log.write import Write
from sync.terminal.audit import AuditBook


def test_a_wrong_pin_is_told_to_the_center_though_nobody_has_shown_who_they_are(province: Province) -> None:
    terminal, above, beside = province.terminal(HUIDONG), province.terminal(HUIZHOU), province.terminal(SHANWEI)
    terminal.act_as(PersonId(""))
    book = AuditBook(terminal, province.clock)
    book.note(AuditKind.PIN_WRONG, subject="p1", subject_name="甲")
    with pytest.raises(OperatorError, match="person-missing"):
        province.sign_in(terminal, "m", "1")
    province.sync(terminal, above, beside)
    assert terminal.quarantine() == []
    told = [(line.act, line.person_name, line.device) for line in AuditBook(above, province.clock).lines()]
    assert ("pin_wrong", "甲", terminal.device) in told
    assert beside.list("audit_event") == [], "a sibling unit sees nothing of it"


def test_the_trail_tells_every_change_and_who_made_it_newest_first(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    book = AuditBook(terminal, province.clock)
    meeting = province.meeting(terminal, title="古树保护")
    for member in range(5):
        province.sign_in(terminal, meeting, str(member))
    province.push(terminal)
    book.note(AuditKind.EXPORTED, detail="minutes", meeting=meeting)
    lines = book.lines()
    assert [line.act for line in lines] == ["exported", *["put"] * 6]
    assert lines[0].received_at is None
    assert lines[1].received_at is not None
    assert {line.person for line in lines} == {terminal.person}
    assert {line.meeting_title for line in lines} == {"古树保护"}
    older = book.lines(before=lines[3].position, limit=2)
    assert [line.position for line in older] == [line.position for line in lines[4:6]]
    assert book.lines(security=False)[-1].pk == meeting
    assert [line.act for line in book.lines(security=True)] == ["exported"]
    assert book.lines(person="somebody else") == []


def test_on_coming_in_one_is_told_of_the_last_time_and_of_failures_since(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    book, person = AuditBook(terminal, province.clock), PersonId("p1")
    assert book.last_visit(person).at is None
    book.note(AuditKind.PIN_WRONG, subject=person)
    book.note(AuditKind.UNLOCKED, subject=person)
    came = province.clock.now()
    province.clock.go_on(hours=3)
    for _ in range(2):
        book.note(AuditKind.PIN_WRONG, subject=person)
    book.note(AuditKind.PIN_WRONG, subject="another")
    visit = book.last_visit(person)
    assert (visit.at, visit.failed) == (came, 2)


def test_a_security_event_is_never_taken_back(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    AuditBook(terminal, province.clock).note(AuditKind.PIN_WRONG, subject="p1")
    pk = terminal.list("audit_event")[0]["pk"]
    province.push(terminal)
    terminal.retract("audit_event", pk, meeting="")
    province.push(terminal)
    assert [row["reason"] for row in terminal.quarantine()] == ["op-not-allowed"]
    assert terminal.get("audit_event", pk) is not None, "the terminal shows what the center holds"
    assert province.center.get("audit_event", pk) is not None


@pytest.mark.parametrize("role", ["security", "audit"])
def test_who_watches_neither_hosts_nor_writes_records(role: str, province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    province.account(terminal, role)
    meeting = province.meeting(terminal)
    province.push(terminal)
    assert [(row["pk"], row["reason"]) for row in terminal.quarantine()] == [(meeting, "role-not-allowed")]
    assert province.center.get("meeting", meeting) is None


def test_who_gives_up_work_in_the_middle_of_a_push_is_not_let_do_any_after_it(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    province.account(terminal, "clerk", "security")
    province.pull(terminal)
    before, after = derived_id("before"), derived_id("after")
    terminal.write(
        Write("member", before, {"unit_path": HUIDONG, "name": "甲"}),
        Write("operator", terminal.person, {"unit_path": HUIDONG, "roles": ["security"]}),
        Write("member", after, {"unit_path": HUIDONG, "name": "乙"}),
    )
    assert province.push(terminal) == 1
    assert [(row["pk"], row["reason"]) for row in terminal.quarantine()] == [(after, "role-not-allowed")]
    assert [row["pk"] for row in province.center.list("member")] == [before]


@pytest.mark.parametrize("role", ["clerk", "host", "audit", "provincial_operator", ""])
def test_accounts_are_made_by_the_security_role_alone(role: str, province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    if role:
        province.account(terminal, role)
    person = {"unit_path": HUIDONG, "name": "新人", "roles": ["clerk"], "is_active": True}
    terminal.write(Write("operator", derived_id("new"), person))
    province.push(terminal)
    assert province.center.get("operator", derived_id("new")) is None
    assert terminal.quarantine()[0]["reason"] == "role-not-allowed"


def test_the_security_role_makes_and_closes_accounts_of_its_own_unit_with_separate_roles(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    province.account(terminal, "security")
    one, two = derived_id("one"), derived_id("two")
    person = {"unit_path": HUIDONG, "name": "新人", "is_active": True}
    terminal.write(Write("operator", one, {**person, "roles": ["clerk", "host"]}))
    terminal.write(Write("operator", two, {**person, "roles": ["clerk", "audit"]}))
    terminal.write(Write("operator", one, {"is_active": False}))
    province.push(terminal)
    assert (province.center.get("operator", one) or {})["is_active"] is False
    assert [(row["pk"], row["reason"]) for row in terminal.quarantine()] == [(two, "roles-not-separate")]
