"""Dates and times as people here write them: 24-hour clock, 1 月 17 日, by Beijing time."""

from datetime import UTC, date, datetime

from desktop_app.domain.clock import BEIJING
from ui.i18n import t


def local(moment: datetime) -> datetime:
    """A moment as the clock on the wall shows it."""
    return moment.astimezone(BEIJING)


def today(now: datetime) -> date:
    """The day it is here."""
    return local(now).date()


def at_local(day: date, hour: int, minute: int) -> datetime:
    """The moment (UTC) at which the clock on this wall shows that time."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BEIJING).astimezone(UTC)


def clock_text(moment: datetime) -> str:
    """`09:18`."""
    return local(moment).strftime("%H:%M")


def seconds_text(moment: datetime) -> str:
    """`09:18:06`."""
    return local(moment).strftime("%H:%M:%S")


def day_text(day: date) -> str:
    """`1 月 17 日`."""
    return t("date.day", day.month, day.day, t(f"date.month{day.month}"))


def weekday_text(day: date) -> str:
    """`星期六`."""
    return t(f"date.weekday{day.isoweekday()}")


def moment_text(moment: datetime, now: datetime) -> str:
    """The clock time today, with its day before it on any other day."""
    there = local(moment)
    if there.date() == today(now):
        return clock_text(moment)
    return t("date.daytime", day_text(there.date()), clock_text(moment))


def span_text(start: datetime, end: datetime) -> str:
    """`09:30 – 11:30`."""
    return f"{clock_text(start)} – {clock_text(end)}"


def duration_text(seconds: float) -> str:
    """`04:18`, or `1:04:18` from an hour on."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes:02}:{left:02}"


def length_text(seconds: float) -> str:
    """`3 天 2 小时`, `2 小时 5 分`, `12 分钟` or `40 秒`: how long, in two units at most."""
    whole = max(0, int(seconds))
    if whole >= 86_400 and whole % 86_400 < 3600:
        return t("date.length_whole_days", whole // 86_400)
    if whole >= 86_400:
        return t("date.length_days", whole // 86_400, whole % 86_400 // 3600)
    if whole >= 3600:
        return t("date.length_hours", whole // 3600, whole % 3600 // 60)
    return t("date.length_minutes", whole // 60) if whole >= 60 else t("date.length_seconds", whole)
