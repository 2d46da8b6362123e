"""`silian terminal`: its options. The windows are `desktop_app.terminal.app`, imported when they are wanted."""

import argparse

from desktop_app.settings import add_setting_options, settings_of

SECTIONS = ("terminal", "media", "ui", "log")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_setting_options(parser, *SECTIONS)


def run(options: argparse.Namespace) -> int:
    options.settings = settings_of(options, *SECTIONS)
    from desktop_app.terminal import app

    return int(app.run(options))
