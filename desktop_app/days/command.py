"""`silian days`: the acceptance days, played with real processes on this machine and measured step by step."""

import argparse
from pathlib import Path

from desktop_app.demo.wording import LANGUAGES

LETTERS = ("a", "b", "d")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "days", nargs="*", metavar="DAY", help="a: a county hosts; b: a lecture in the county; d: 120 sites (all)"
    )
    parser.add_argument("--out", type=Path, default=Path("days-out"), help="where the results go (default: days-out)")
    parser.add_argument("--short", action="store_true", help="leave out what only takes time")
    parser.add_argument("--slack", type=float, default=1.0, help="how many times its goal a step may take (default: 1)")
    parser.add_argument("--language", choices=LANGUAGES, default="zh_CN", help="the language of the windows")


def run(options: argparse.Namespace) -> int:
    """0 when every step holds, else 1."""
    from desktop_app.days.run import DAYS, run_all
    from desktop_app.domain.faults import OperatorError

    wanted = options.days or [letter for letter in LETTERS if letter in DAYS]
    unknown = [letter for letter in wanted if letter not in DAYS]
    if unknown:
        raise OperatorError("day-unknown", day=", ".join(unknown), known=", ".join(DAYS))
    return run_all(wanted, options.out, short=options.short, slack=options.slack, language=options.language)
