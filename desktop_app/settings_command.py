"""`silian settings`: where they are read from, and a whole file of them with what each means."""

import argparse

from desktop_app.settings import documented_defaults, env_name, settings_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--path", action="store_true", help="print only where the settings are read from")


def run(options: argparse.Namespace) -> int:
    if options.path:
        print(settings_file())
        return 0
    print(f"# Settings are read from {settings_file()}")
    print(f"# Each can be overridden for one run, e.g. center.port by {env_name('center.port')} or by --port.")
    print(documented_defaults(), end="")
    return 0
