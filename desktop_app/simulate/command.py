"""`silian simulate meeting` and `silian simulate sync`: many terminals on this machine, timed."""

import argparse
import importlib

KINDS = {"meeting": "desktop_app.simulate.meeting", "sync": "desktop_app.simulate.sync"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="what", required=True, metavar="|".join(KINDS))
    for name, module in KINDS.items():
        part = importlib.import_module(module)
        kind = kinds.add_parser(
            name, help=(part.__doc__ or "").splitlines()[0].partition(": ")[2], description=part.__doc__
        )
        part.add_arguments(kind)


def run(options: argparse.Namespace) -> int:
    """0 when every figure holds, else 1."""
    code: int = importlib.import_module(KINDS[options.what]).run(options)
    return code
