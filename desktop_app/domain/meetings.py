"""会议: kinds and modes. The kinds are the codes of `session_kinds.csv`; each has one mode."""

from enum import StrEnum


class MeetingMode(StrEnum):
    """Who may be heard: many (consultation), one source (lecture), or a test that leaves no duty record."""

    CONSULTATION = "consultation"
    LECTURE = "lecture"
    REHEARSAL = "rehearsal"


class MeetingKind(StrEnum):
    """会议种类."""

    REMOTE_CONSULT = "remote_consult"
    SPECIAL_CONSULT = "special_consult"
    COUNTERPART_CONSULT = "counterpart_consult"
    SECTOR_CONSULT = "sector_consult"
    PROPOSAL_CONSULT = "proposal_consult"
    STANDING_SPECIAL = "standing_special"
    GUOSHI_LECTURE = "guoshi_lecture"
    CHAIRMAN_FORUM = "chairman_forum"
    READING = "reading"
    GOVERNOR_BUSINESS = "governor_business"
    MEMBER_ROOM = "member_room"
    ONLINE_DELIBERATION = "online_deliberation"
    SUPERVISION = "supervision"
    LOOK_BACK = "look_back"
    REHEARSAL = "rehearsal"

    @property
    def mode(self) -> MeetingMode:
        if self is MeetingKind.REHEARSAL:
            return MeetingMode.REHEARSAL
        if self in (MeetingKind.GUOSHI_LECTURE, MeetingKind.CHAIRMAN_FORUM):
            return MeetingMode.LECTURE
        return MeetingMode.CONSULTATION
