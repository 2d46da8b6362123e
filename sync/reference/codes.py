"""Code lists: what an agenda item can be, the kinds of meeting with their usual agenda, and the sectors (界别)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from desktop_app.domain.meetings import MeetingKind
from sync.reference.tables import rows


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of a code list, in both languages."""

    code: str
    zh: str
    en: str

    def label(self, language: str) -> str:
        """The entry's text: Chinese for any `zh…`, English otherwise."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class KindProfile:
    """What is usual for a kind of meeting; every number is a proposal that the host may change."""

    kind: MeetingKind
    zh: str
    en: str
    agenda: tuple[str, ...]
    """Codes of `agenda_types`, in the order that is usual."""
    speech_limit_sec: int
    """0 where none is usual."""
    reply_limit_sec: int
    total_min: int

    def label(self, language: str) -> str:
        """The kind's name."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Sector:
    """界别."""

    code: str
    zh: str
    short: str
    en: str
    kind: str


@cache
def agenda_types() -> Mapping[str, Code]:
    """议程项类型 by code."""
    return MappingProxyType({row["code"]: Code(row["code"], row["zh"], row["en"]) for row in rows("agenda_types.csv")})


@cache
def kinds() -> Mapping[MeetingKind, KindProfile]:
    """会议种类 by code, in the order in which a clerk is offered them."""
    return MappingProxyType({MeetingKind(row["code"]): _profile(row) for row in rows("meeting_kinds.csv")})


def _profile(row: dict[str, str]) -> KindProfile:
    return KindProfile(
        kind=MeetingKind(row["code"]),
        zh=row["zh"],
        en=row["en"],
        agenda=tuple(row["agenda"].split(">")),
        speech_limit_sec=60 * int(row["speech_limit_min"] or 0),
        reply_limit_sec=60 * int(row["reply_limit_min"] or 0),
        total_min=int(row["total_min"] or 0),
    )


@cache
def sectors() -> Mapping[str, Sector]:
    """界别 by code, in their official order. Which of them a committee has is its own matter."""
    return MappingProxyType(
        {
            row["code"]: Sector(row["code"], row["zh"], row["short"], row["en"], row["kind"])
            for row in rows("sectors.csv")
        }
    )
