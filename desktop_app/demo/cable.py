"""Whether bits pass between a terminal and the center now, and what passed and what was swallowed."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Passed:
    """What went through and what was swallowed, in both directions together."""

    tcp_connections: int = 0
    tcp_bytes: int = 0
    tcp_discarded: int = 0
    datagrams: int = 0
    datagrams_discarded: int = 0


@dataclass(slots=True)
class Cable:
    """Whether bits pass now. `era` counts the cuts: what was born in an earlier era is dead."""

    up: bool = True
    era: int = 0
    passed: Passed = field(default_factory=Passed)

    def cut(self) -> None:
        if self.up:
            self.up = False
            self.era += 1

    def restore(self) -> None:
        self.up = True
