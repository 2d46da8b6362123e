"""Who plays: the four terminals of the demonstration."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import Level, level_of, unit_code


@dataclass(frozen=True, slots=True)
class Player:
    """One terminal: its unit, the address of its forwarder, who sits at it and what its room sounds like."""

    unit_path: UnitPath
    name: str
    listen: str
    operator: str
    sound: str
    roles: tuple[str, ...]

    def name_in(self, language: str) -> str:
        """What a person calls it."""
        from sync.reference.units import unit_at

        unit = unit_at(self.unit_path)
        return self.name if language.startswith("zh") or unit is None else unit.english_name

    @property
    def code(self) -> str:
        return unit_code(self.unit_path)

    @property
    def level(self) -> Level:
        return level_of(self.unit_path)

    @property
    def steps(self) -> Path:
        """The file of steps that drives it."""
        return Path(str(files(__package__) / "steps" / f"{self.code}.toml"))

    @property
    def roster(self) -> Path:
        """The list of people in its room; the host's is the program's sample roster."""
        return Path(str(files(__package__) / "rosters" / f"{self.code}.csv"))

    @property
    def sound_file(self) -> Path:
        return Path(str(files(__package__) / "sounds" / self.sound))


HOST = Player(
    UnitPath("100000/440000/441300/441323/"),
    "惠东县政协",
    "127.0.1.3",
    "惠东操作员",
    "speech-a.opus",
    ("host", "clerk"),
)
CAST = (
    Player(
        UnitPath("100000/440000/"),
        "广东省政协",
        "127.0.1.1",
        "省操作员",
        "speech-b.opus",
        ("provincial_operator", "host", "clerk"),
    ),
    Player(
        UnitPath("100000/440000/441300/"),
        "惠州市政协",
        "127.0.1.2",
        "惠州操作员",
        "speech-b.opus",
        ("host", "clerk"),
    ),
    HOST,
    Player(
        UnitPath("100000/440000/441300/441322/"),
        "博罗县政协",
        "127.0.1.4",
        "博罗操作员",
        "speech-a.opus",
        ("host", "clerk"),
    ),
)
