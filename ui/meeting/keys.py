"""Every key of a meeting's screens and what it does, for F1. A test holds that each is real and none is missing."""

MEETING_KEYS = (
    ("Ctrl+G", "keys.grant"),
    ("Ctrl+E", "keys.end-turn"),
    ("Ctrl+Shift+G", "keys.register"),
    ("Ctrl+Shift+N", "keys.agenda-next"),
    ("Ctrl+M", "keys.mute_all"),
    ("Ctrl+D", "keys.mic"),
    ("Ctrl+K", "keys.find-site"),
    ("Ctrl+B", "keys.air"),
    ("Ctrl+Shift+D", "keys.mute-site"),
    ("Shift+F10", "keys.site-menu"),
    ("Ctrl+L", "keys.lock-meeting"),
    ("Ctrl+P", "keys.poll"),
    ("Ctrl+Shift+P", "keys.pause"),
    ("Ctrl+T", "keys.caption"),
    ("Ctrl+I", "keys.inquiry"),
    ("Ctrl+Shift+M", "keys.message"),
    ("Ctrl+Return", "keys.answer"),
    ("Alt+1", "keys.equal"),
    ("Alt+2", "keys.speaker"),
    ("Alt+3", "keys.slides"),
    ("Ctrl+O", "keys.slides-open"),
    ("Ctrl+PgDown", "keys.slide-next"),
    ("Ctrl+PgUp", "keys.slide-before"),
    ("F6", "keys.roll-call"),
    ("F7", "keys.host-menu"),
    ("F8", "keys.room"),
    ("F9", "keys.notice"),
    ("Ctrl+Shift+Q", "keys.end"),
)
ROLL_KEYS = (
    ("Space", "keys.roll-present"),
    ("N", "keys.roll-missing"),
    ("R", "keys.roll-again"),
    ("Backspace", "keys.roll-back"),
)
LECTURE_KEYS = (
    ("Ctrl+E", "keys.lecture-ask"),
    ("Ctrl+Return", "keys.lecture-send"),
    ("PgDown", "keys.lecture-next"),
    ("PgUp", "keys.lecture-before"),
)
