"""`python -m bench.media [PART ...]`: run the named parts, or all; the rows go to bench-out/media.json.

A part is a module of this folder with `rows() -> list[Row]`. What other parts wrote there before stays.
"""

import importlib
import sys
from pathlib import Path

from bench.media.kept import NAME, kept_rows
from bench.media.priority import go_first
from bench.rows import keep


def parts() -> list[str]:
    """The parts there are."""
    found = sorted(Path(__file__).parent.glob("*.py"))
    return [path.stem for path in found if "\ndef rows(" in path.read_text("utf-8")]


def main(wanted: list[str]) -> int:
    """Exit code 2 where a part is unknown."""
    unknown = [name for name in wanted if name not in parts()]
    if unknown:
        print(f"bench-media: there is no {', '.join(unknown)}; there are {', '.join(parts())}", file=sys.stderr)
        return 2
    go_first()
    for name in wanted or parts():
        print(f"\n{name}", flush=True)
        fresh = importlib.import_module(f"bench.media.{name}").rows()
        mine = {row.row for row in fresh}
        keep(NAME, [*(row for row in kept_rows() if row.row not in mine), *fresh])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
