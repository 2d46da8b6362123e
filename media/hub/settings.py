"""What the hub process is told when it starts, as one line."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class HubSettings:
    """What the hub is started with; see the module."""

    secret: bytes
    announce: Path
    host: str = "0.0.0.0"
    first_port: int = 40000
    last_port: int = 40199
    linger: float = 600.0

    def line(self) -> str:
        """As the one line that the starting side writes to the hub's standard input."""
        return (
            json.dumps(
                {
                    "secret": self.secret.hex(),
                    "announce": str(self.announce),
                    "host": self.host,
                    "first_port": self.first_port,
                    "last_port": self.last_port,
                    "linger": self.linger,
                }
            )
            + "\n"
        )

    @classmethod
    def parse(cls, line: str) -> "HubSettings":
        """Raises ValueError for anything else than such a line."""
        found = json.loads(line)
        try:
            return cls(
                secret=bytes.fromhex(found["secret"]),
                announce=Path(found["announce"]),
                host=str(found["host"]),
                first_port=int(found["first_port"]),
                last_port=int(found["last_port"]),
                linger=float(found["linger"]),
            )
        except (KeyError, TypeError) as err:
            raise ValueError(f"not a line of hub settings: {err}") from err
