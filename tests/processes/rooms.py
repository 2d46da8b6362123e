"""The rooms of a linked session on real processes."""

from desktop_app.demo.cast import CAST, HOST
from desktop_app.demo.room import JOIN_SECONDS, Room
from desktop_app.demo.setting import Scene

CITY = CAST[1]
STRANGER = CAST[3]
"""A terminal that is not enrolled."""


class Session:
    """The rooms of one running session."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.host = Room(scene, HOST)
        self.city = Room(scene, CITY)
        self.stranger = Room(scene, STRANGER)

    @property
    def rooms(self) -> tuple[Room, Room]:
        return self.host, self.city

    def open(self) -> None:
        """From power-on to a session in which both rooms see each other."""
        for room in self.rooms:
            room.start()
        for room in self.rooms:
            room.enrol()
        self.host.do("home.schedule", in_seconds=0, until="home.meetings == 1")
        self.host.do("signin.open", until="signin.meeting != null")
        self.host.do("signin.import", until="signin.expected >= 30")
        self.city.do(until="home.meetings == 1")
        for room in self.rooms:
            room.begin_join(2)
        for room in self.rooms:
            room.finish(JOIN_SECONDS)
