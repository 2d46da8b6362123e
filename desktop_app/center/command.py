"""`silian center`: run the center, give out activation codes, list and revoke terminals, back up.

The commands beside the running center never need it to stop: codes and terminals are in a small database of their own
that both may open (see `sync.identity.registry`), and a backup reads the store as SQLite's own backup does.
"""

import argparse
import importlib
from pathlib import Path

from desktop_app.domain.principal import Role
from desktop_app.settings import ENV_PASSPHRASE, add_setting_options, settings_of

SECTIONS = ("center", "log")
ACTS = {
    "run": "serving:run",
    "code": "admission:code",
    "devices": "admission:devices",
    "revoke": "admission:revoke",
    "backup": "backup:run",
    "import": "packages:run",
    "engine": "machines:engine",
    "relay": "machines:relay",
    "restore": "repair:restore",
    "erase": "repair:erase",
    "move": "repair:move",
}
"""Each act's module in this package and its function, which is imported once it is asked for."""
_EPILOG = f"""examples:
  silian center                                     run it, in the platform's own folder
  silian center --folder /srv/silian --host 10.1.2.3
  silian center code --unit 441323 --role host      an activation code for one terminal of 惠东县
  silian center devices                             who is enrolled
  silian center revoke --device 0a1b...             refuse a stolen terminal from now on
  silian center engine --address 10.1.2.3 --to /etc/janus    what a Janus of this center is configured with
  silian center relay --address 10.1.2.3 --to turnserver.conf    what a coturn of this center is configured with
  silian center backup --to /backup/center.db       a copy of the records, encrypted, while the center runs
  silian center restore --from /backup/center.db    put it back; terminals send again what they delivered since
  silian center move --unit 441323 --under 441500 --ground "..."    a county that comes under another city

Secrets are kept in the system's keyring. Where there is none, they are sealed by a passphrase: it is asked for, or
taken from the environment variable {ENV_PASSPHRASE}.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EPILOG
    parser.add_argument("act", nargs="?", choices=ACTS, default="run", help="what to do (default: run)")
    parser.add_argument("file", nargs="?", type=Path, help="import: the sync package that a terminal made")
    parser.add_argument("--announce", type=Path, metavar="FILE", help="run: write one JSON line to FILE once ready")
    parser.add_argument("--json", action="store_true", help="print JSON instead of sentences")
    code = parser.add_argument_group("code")
    code.add_argument(
        "--role",
        action="append",
        choices=[role.value for role in Role],
        help="what the person who enrols may do; may be given more than once (default: host and clerk)",
    )
    code.add_argument("--unit", metavar="CODE", help="the GB/T 2260 code of the terminal's unit, such as 441323")
    code.add_argument("--hours", type=float, default=72.0, help="how long the code is good (default: 72)")
    code.add_argument("--count", type=int, default=1, help="how many codes (default: 1)")
    parser.add_argument_group("revoke").add_argument("--device", help="the terminal's number, from `devices`")
    backup = parser.add_argument_group("backup and import")
    backup.add_argument("--to", type=Path, metavar="FILE", help="the file to write; import: the receipt")
    engine = parser.add_argument_group(
        "engine and relay", "the configuration of a Janus into the folder --to, of a coturn into the file --to"
    )
    engine.add_argument("--name", default="province", help="which of the setting center.engines (default: province)")
    engine.add_argument(
        "--address", action="append", metavar="IP", help="where terminals reach its media; may be given more than once"
    )
    backup.add_argument("--plain", action="store_true", help="unencrypted: everybody can read it who has the file")
    repair = parser.add_argument_group("restore (not while the center runs), erase and move")
    repair.add_argument("--from", dest="backup", type=Path, metavar="FILE", help="restore: the backup of the records")
    repair.add_argument("--under", metavar="CODE", help="move: the unit that --unit comes under, with all below it")
    repair.add_argument("--record", metavar="ENTITY:KEY", help="erase: the record, such as member:0190a8f0-...")
    repair.add_argument("--ground", metavar="TEXT", help="erase, move: on which decision; it is kept for good")
    add_setting_options(parser, *SECTIONS)


def run(options: argparse.Namespace) -> int:
    settings = settings_of(options, *SECTIONS)
    module, _, act = ACTS[options.act].partition(":")
    code: int = getattr(importlib.import_module(f"desktop_app.center.{module}"), act)(options, settings)
    return code
