"""`silian demo`: its options, and the parts of itself that it starts as processes of their own."""

import argparse
from pathlib import Path

from desktop_app.demo.wording import LANGUAGES

PARTS = ("forwarder", "player", "summary", "warden")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `silian demo`."""
    parser.add_argument("--out", type=Path, default=Path("demo-out"), help="where the results go (default: demo-out)")
    parser.add_argument("--language", choices=LANGUAGES, default="zh_CN", help="the language of windows and progress")
    parser.add_argument("--keep-open", action="store_true", help="leave the windows open at the end")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("folder", nargs="?", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Exit code: 0 when everything was as it should be."""
    if options.part == "forwarder":
        from desktop_app.demo.forwarder import main as forward

        return forward()
    if options.part == "player":
        from desktop_app.terminal.storyteller import main as act

        return act()
    if options.part == "warden":
        from desktop_app.demo.warden import main as watch

        return watch()
    if options.part == "summary":
        from desktop_app.demo.summary import main as sum_up

        return sum_up([options.folder])
    from desktop_app.demo.run import play

    return play(options.out, language=options.language, keep_open=options.keep_open)
