"""纪要草稿: which speeches of a meeting have no block in the minutes yet. Pure.

A speech has its block where somebody wrote one for that member at that agenda item while the member spoke, or shortly
after. What is there is never touched; what is missing is a line to be completed by hand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from desktop_app.domain.clock import moment
from sync.documents.minutes import Block
from sync.meetings.source import Row

BEFORE, AFTER = timedelta(seconds=60), timedelta(minutes=5)
"""A clerk names the speaker a little early, or catches up a little late."""


@dataclass(frozen=True, slots=True)
class MissingBlock:
    """One speech without a block."""

    agenda_item: str
    member: str
    member_name: str
    site: str
    at: str
    """When the speech began, as a record stores it."""
    text: str


def missing_blocks(speeches: Iterable[Row], blocks: Sequence[Block]) -> list[MissingBlock]:
    """The speeches that ended and have no block, in the order in which they were made."""
    free = list(blocks)
    missing = []
    for row in sorted(speeches, key=lambda row: int(row.get("speech_no") or 0)):
        if not row.get("started_at") or not row.get("ended_at") or not row.get("member_name"):
            continue
        found = next((block for block in free if _is_of(block, row)), None)
        if found is not None:
            free.remove(found)
            continue
        missing.append(
            MissingBlock(
                agenda_item=str(row.get("agenda_item") or ""),
                member=str(row.get("member") or ""),
                member_name=str(row["member_name"]),
                site=str(row.get("site") or ""),
                at=str(row["started_at"]),
                text=_words(int(row.get("seconds") or 0)),
            )
        )
    return missing


def _is_of(block: Block, speech: Row) -> bool:
    same_person = block.member == speech.get("member") if block.member else block.member_name == speech["member_name"]
    if not same_person:
        return False
    try:
        at = moment(block.at)
    except ValueError:
        return block.agenda_item == speech.get("agenda_item")
    return moment(str(speech["started_at"])) - BEFORE <= at <= moment(str(speech["ended_at"])) + AFTER


def _words(seconds: int) -> str:
    """（发言 3 分 53 秒，内容待补记）: the minutes are an official Chinese document whatever the screen's language."""
    minutes, rest = divmod(seconds, 60)
    length = f"{minutes} 分 {rest} 秒" if minutes else f"{rest} 秒"
    return f"（发言 {length}，内容待补记）"
