"""How an official Chinese document writes times, numbers and foreign text."""

import re
from datetime import datetime

from desktop_app.domain.clock import BEIJING

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot hold."""


def printable(text: str) -> str:
    """The text without characters that no document can hold; line breaks as `\\n`."""
    return _FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n"))


def day(moment: datetime) -> str:
    """2026年11月5日: Arabic digits, no padding (GB/T 9704, 7.3.5.3)."""
    local = moment.astimezone(BEIJING)
    return f"{local.year}年{local.month}月{local.day}日"


def hour(moment: datetime) -> str:
    """15:04."""
    return f"{moment.astimezone(BEIJING):%H:%M}"


def span(start: datetime | None, end: datetime | None) -> str:
    """2026年11月20日15:00至17:00; a part that is not known is left out."""
    if start is None:
        return ""
    text = f"{day(start)}{hour(start)}"
    if end is None:
        return text
    same_day = start.astimezone(BEIJING).date() == end.astimezone(BEIJING).date()
    return f"{text}至{hour(end)}" if same_day else f"{text}至{day(end)}{hour(end)}"


def minutes_seconds(seconds: int) -> str:
    """3分53秒."""
    return f"{seconds // 60}分{seconds % 60:02}秒"


def chinese_number(number: int) -> str:
    """一, 二, … 九十九: the numbers of first-level headings."""
    digits = "零一二三四五六七八九"
    if not 0 < number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else digits[tens] + "十") + (
        digits[ones] if ones or not tens else ""
    )


def title_lines(title: str, limit: int = 20) -> list[str]:
    """A title as balanced lines of at most `limit` characters, broken after a mark or a 的 where one is near."""
    title = title.strip()
    lines: list[str] = []
    while len(title) > limit:
        parts = -(-len(title) // limit)
        even = -(-len(title) // parts)
        reach = range(max(2, even - 5), min(limit, even + 5) + 1)
        place = min(reach, key=lambda cut: (_break_cost(title, cut), abs(cut - even)))
        lines.append(title[:place])
        title = title[place:]
    return [*lines, title]


def _break_cost(title: str, cut: int) -> int:
    before, after = title[cut - 1], title[cut : cut + 1]
    if after and after in "，。、；：）》”！？的":
        return 9
    if before in "，、；：。）》”":
        return 0
    if before == "的":
        return 1
    if before in "（《“":
        return 9
    if before.isascii() and after.isascii() and before.isalnum() and after.isalnum():
        return 8
    return 4
