"""`python -m bench [NAME ...]`: run the named measurements, or all that are in this folder (modules with a `main`)."""

import importlib
import sys
from pathlib import Path

NOT_RUN = ("__init__", "__main__", "rows")


def names() -> list[str]:
    """The measurements there are."""
    here = Path(__file__).parent
    found = sorted(path.stem for path in here.glob("*.py") if path.stem not in NOT_RUN)
    return [name for name in found if "def main(" in (here / f"{name}.py").read_text("utf-8")]


def main(wanted: list[str]) -> int:
    """Exit code 1 when a measurement's own `main` says so."""
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        print(f"bench: there is no {', '.join(unknown)}; there are {', '.join(names())}", file=sys.stderr)
        return 2
    codes = []
    for name in wanted or names():
        print(f"\n{name}", flush=True)
        codes.append(importlib.import_module(f"bench.{name}").main())
    return 1 if any(codes) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
