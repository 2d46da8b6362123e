"""The program's command line: `silian center`, `terminal`, `demo`, `doctor`, `settings`.

It imports nothing but the standard library before it knows what was asked for, so that each command starts with its own
parts only. A fault ends the program with one sentence and code 1, a wrong option with code 2.
"""

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from desktop_app.domain.faults import Fault

VERSION = "0.1.0"


@dataclass(frozen=True, slots=True)
class Command:
    """One word of the command line, and the module that answers it."""

    module: str
    summary: str
    hidden: bool = False


COMMANDS = {
    "center": Command("desktop_app.center.command", "run the provincial center, give out activation codes, back it up"),
    "terminal": Command("desktop_app.terminal.command", "open this room's terminal (what the desktop icon does)"),
    "demo": Command("desktop_app.demo.command", "play a whole day on this machine: a center and four terminals"),
    "days": Command("desktop_app.days.command", "play whole days of a province on this machine, measured step by step"),
    "simulate": Command("desktop_app.simulate.command", "play a meeting or the syncing of many sites, and time it"),
    "doctor": Command("desktop_app.doctor", "check this machine and the link to the center, and say what to do"),
    "verify": Command(
        "desktop_app.verify_command", "prove that nobody altered the records' history, and print the receipts"
    ),
    "settings": Command("desktop_app.settings_command", "print where the settings are, and what each means"),
    "archive": Command("media.recording.archive", "makes a file of a recording; the center starts it", hidden=True),
    "intake": Command("desktop_app.center.intake_command", "takes in what terminals push, for the center", hidden=True),
    "hub": Command("desktop_app.center.hub_process", "the media hub, which the center starts by itself", hidden=True),
}
_HELP = """Silian 四联: remote consultation for CPPCC offices.

usage: silian COMMAND [OPTIONS]     silian COMMAND --help tells more

{commands}

A terminal needs a center. To try both on one machine, with sample people and sound:

    silian demo

To set up for real: on the center's machine `silian center`, then `silian center code --unit 441323`; on the room's
machine `silian terminal`, and type the code there. `silian doctor` says what is wrong with a machine.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help", "help"):
        print(help_text())
        return 0
    if words[0] in ("-V", "--version"):
        print(f"silian {VERSION}")
        return 0
    command = COMMANDS.get(words[0])
    if command is None:
        print(f"silian: there is no command “{words[0]}”.\n\n{help_text()}", file=sys.stderr)
        return 2
    try:
        return _run(words[0], command, words[1:])
    except Fault as fault:
        print(f"silian: {sentence(fault)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(word: str, command: Command, words: Sequence[str]) -> int:
    module = importlib.import_module(command.module)
    parser = argparse.ArgumentParser(
        prog=f"silian {word}",
        description=f"{command.summary[0].upper()}{command.summary[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments: Callable[[argparse.ArgumentParser], None] | None = getattr(module, "add_arguments", None)
    if add_arguments is not None:
        add_arguments(parser)
    options = parser.parse_args(words)
    run: Callable[[argparse.Namespace], int] = module.run
    return run(options)


def help_text() -> str:
    """What `silian --help` prints."""
    lines = [f"  {word:<10} {command.summary}" for word, command in COMMANDS.items() if not command.hidden]
    return _HELP.format(commands="\n".join(lines))


def sentence(fault: Fault) -> str:
    """What happened, what is safe, what to do, in the reader's language; the bare id where there is no sentence."""
    try:
        from ui.i18n import fault_text, set_language, t

        set_language(reader_language())
        text = fault_text(fault)
    except (ImportError, OSError, ValueError, LookupError):
        return str(fault)
    if fault.id in ("keyring-missing", "passphrase-needed"):
        text += t("passphrase.unattended")
    return f"{text} [{fault.id}]" if text else str(fault)


def reader_language() -> str:
    """The language in which a program without windows speaks: that of the shell it was called from."""
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh_CN" if locale.startswith("zh") else "en"


def log_to_stderr(level: str) -> None:
    """How every command writes about itself."""
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    for chatty in ("httpx", "httpcore", "aioice", "asyncio", "alembic", "uvicorn.error", "websockets"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
