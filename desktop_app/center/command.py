"""`silian center`: run the center, give out activation codes, list and revoke terminals, back up.

The commands beside the running center never need it to stop: codes and terminals are in a small database of their own
that both may open (see `sync.identity.registry`), and a backup reads the store as SQLite's own backup does.
"""

import argparse
import asyncio
import ipaddress
import json
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.domain.clock import BEIJING, SystemClock, unix_ms
from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.domain.ids import DeviceId, uuid7
from desktop_app.domain.limits import CONTROL_MESSAGE
from desktop_app.domain.principal import Role, roles_fit
from desktop_app.main import log_to_stderr
from desktop_app.platform import account, when_told_to_end
from desktop_app.settings import ENV_PASSPHRASE, Settings, add_setting_options, settings_of

if TYPE_CHECKING:
    from desktop_app.center.app import Center
    from desktop_app.center.keys import CenterKeys

SECTIONS = ("center", "log")
ACTS = ("run", "code", "devices", "revoke", "backup", "import", "engine", "relay", "restore", "erase", "move")
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
    acts = {
        "run": _run,
        "code": _code,
        "devices": _devices,
        "revoke": _revoke,
        "backup": _backup,
        "engine": _engine,
        "relay": _relay,
        "import": _import,
        "restore": _restore,
        "erase": _erase,
        "move": _move,
    }
    return acts[options.act](options, settings)


# run


def _run(options: argparse.Namespace, settings: Settings) -> int:
    log_to_stderr(settings.log.level)
    listener = listening(settings.center.host, settings.center.port)
    from desktop_app.center.app import Center
    from desktop_app.center.intake_command import starter
    from desktop_app.center.keys import open_center_keystore
    from media.thread import new_loop

    with listener:
        folder = settings.center_folder
        center = Center.open(folder, open_center_keystore(settings), settings, SystemClock(), starter(folder))
        try:
            # On Windows the selector's loop, which new_loop makes there, has room for 512 sockets only.
            with asyncio.Runner(loop_factory=None if sys.platform == "win32" else new_loop) as runner:
                runner.run(_serve(center, listener, options, settings))
        finally:
            center.close()
    return 0


def listening(host: str, port: int) -> socket.socket:
    """A socket bound to the address, not yet listening; HostFault `address-in-use` when it cannot be had."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
    except OSError as err:
        raise HostFault("address-in-use", host=host, port=port) from err
    try:
        if os.name == "posix":  # elsewhere it would let two programs have one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, OverflowError) as err:
        listener.close()
        raise HostFault("address-in-use", host=host, port=port) from err
    return listener


async def _serve(center: "Center", listener: socket.socket, options: argparse.Namespace, settings: Settings) -> None:
    import uvicorn

    config = uvicorn.Config(
        center.app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws_max_size=CONTROL_MESSAGE,
        ws_ping_interval=None,  # both ends of a meeting have pings of their own
        ws_per_message_deflate=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
        lifespan="on",
    )
    config.load()
    config.ssl = center.keys.authority.server_context()

    class Announcing(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            with when_told_to_end(self._told_to_end):
                yield

        def _told_to_end(self) -> None:
            # Terminals wait in long polls; that these are cut off now is no error worth a traceback each.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            self.should_exit, self.force_exit = True, self.should_exit

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                _announce(center, listener, options, settings)

    server = Announcing(config)
    await server.serve(sockets=[listener])
    if not server.started:
        raise HostFault("center-not-started")


def _announce(center: "Center", listener: socket.socket, options: argparse.Namespace, settings: Settings) -> None:
    host, port = listener.getsockname()[:2]
    identity = center.keys.identity
    ready = {
        "silian": "center",
        "url": f"https://{f'[{host}]' if ':' in host else host}:{port}",
        "port": port,
        "pid": os.getpid(),
        "device": identity.device,
        "unit_path": identity.unit_path,
        "folder": str(settings.center_folder),
        "media_ports": settings.center.media_ports,
    }
    if options.announce:
        draft = options.announce.with_name(options.announce.name + ".new")
        draft.write_text(json.dumps(ready) + "\n", "utf-8")
        os.replace(draft, options.announce)
    if options.json:
        print(json.dumps(ready, ensure_ascii=False), flush=True)
        return
    print(f"The center is ready at {ready['url']}", flush=True)
    print(f"  records      {ready['folder']}", flush=True)
    print(f"  media        UDP {settings.center.media_ports} at {settings.center.media_host or host}", flush=True)
    print("  a code for a terminal:  silian center code --unit 441323", flush=True)


# the commands beside it


def _code(options: argparse.Namespace, settings: Settings) -> int:
    from sync.reference.units import unit_of

    if not options.unit:
        raise OperatorError("setting-invalid", key="unit", value="", wanted="--unit CODE", source="code")
    if not 0 < options.hours <= 24 * 90 or not 0 < options.count <= 1000:
        raise OperatorError(
            "setting-invalid", key="hours", value=options.hours, wanted="up to 2160; count up to 1000", source="code"
        )
    unit = unit_of(options.unit)
    roles = frozenset(Role(role) for role in options.role or ("host", "clerk"))
    if not roles_fit(roles):
        raise OperatorError("roles-not-separate")
    keys = _keys(settings)
    now = SystemClock().now()
    for _ in range(options.count):
        code = str(keys.codes.issue(unit.unit_path, roles, now, timedelta(hours=options.hours), account()))
        expires = (now + timedelta(hours=options.hours)).astimezone(BEIJING)
        if options.json:
            row = {"code": code, "unit": unit.code, "unit_path": unit.unit_path, "expires": expires.isoformat()}
            print(json.dumps(row, ensure_ascii=False), flush=True)
        else:
            print(f"{unit.name}  one terminal, good until {expires:%Y-%m-%d %H:%M}  {code}", flush=True)
    keys.registry.close()
    return 0


def _devices(options: argparse.Namespace, settings: Settings) -> int:
    from sync.reference.units import unit_name

    registry = _keys(settings).registry
    for device in registry.devices():
        state = "revoked" if device.revoked_at else "in force"
        if options.json:
            row = {
                "device": device.device,
                "unit_path": device.unit_path,
                "machine": device.label,
                "enrolled_at": device.enrolled_at.isoformat(),
                "state": state,
            }
            print(json.dumps(row, ensure_ascii=False))
        else:
            enrolled = f"{device.enrolled_at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
            print(f"{device.device}  {state:<8}  {enrolled}  {unit_name(device.unit_path)}  {device.label}")
    registry.close()
    return 0


def _revoke(options: argparse.Namespace, settings: Settings) -> int:
    from sync.identity.deeds import Deed
    from sync.log.audit import AuditKind

    registry, now = _keys(settings).registry, SystemClock().now()
    try:
        held = registry.device(DeviceId(options.device or ""))
        if held is None:
            raise OperatorError("device-not-listed", device=options.device or "")
        kind = AuditKind.DEVICE_REVOKED.value
        deed = Deed(uuid7(unix_ms(now)), kind, held.unit_path, account(), held.device, held.label, now)
        if not registry.revoke(held.device, now, deed):
            raise OperatorError("device-not-listed", device=held.device)
    finally:
        registry.close()
    print(f"{options.device} is refused from its next request on.")
    return 0


def _backup(options: argparse.Namespace, settings: Settings) -> int:
    from desktop_app.center.backup import run

    return run(options, settings, _keys)


def _import(options: argparse.Namespace, settings: Settings) -> int:
    from desktop_app.center.keys import open_center_keystore
    from desktop_app.center.packages import run

    return run(options, settings, open_center_keystore)


def _engine(options: argparse.Namespace, settings: Settings) -> int:
    """A Janus's configuration. It holds secrets: whoever has it commands that engine."""
    from desktop_app.center.engines import write_janus_config

    addresses = tuple(options.address or ())
    if options.to is None or not all(_is_address(each) for each in addresses) or not addresses:
        raise OperatorError(
            "setting-invalid",
            key="address",
            value=", ".join(addresses),
            wanted="--address IP --to FOLDER",
            source="engine",
        )
    keys = _keys(settings)
    keys.registry.close()
    for path in write_janus_config(settings.center, keys.identity.key, options.name, addresses, options.to):
        print(path)
    print("Put these into /etc/janus of that machine, readable for Janus alone, and restart its service.")
    return 0


def _relay(options: argparse.Namespace, settings: Settings) -> int:
    """coturn's configuration. It holds a secret: whoever has it can use the relay."""
    from desktop_app.center.engines import write_relay_config

    addresses = tuple(options.address or ())
    try:
        for each in addresses:
            ipaddress.ip_address(each)
    except ValueError:
        addresses = ()
    if options.to is None or not addresses:
        given = ", ".join(options.address or ())
        raise OperatorError(
            "setting-invalid", key="address", value=given, wanted="--address IP --to FILE", source="relay"
        )
    keys = _keys(settings)
    keys.registry.close()
    write_relay_config(settings.center, keys.identity.key, addresses, options.to)
    print(options.to)
    print("Put this at /etc/turnserver.conf of that machine, readable for coturn alone, and restart its service.")
    return 0


def _is_address(text: str) -> bool:
    try:
        return not ipaddress.ip_address(text).is_loopback  # Janus gathers none of those
    except ValueError:
        return False


def _restore(options: argparse.Namespace, settings: Settings) -> int:
    from desktop_app.center.repair import restore

    return restore(options, settings, _keys)


def _erase(options: argparse.Namespace, settings: Settings) -> int:
    from desktop_app.center.repair import erase

    return erase(options, settings, _keys)


def _move(options: argparse.Namespace, settings: Settings) -> int:
    from desktop_app.center.repair import move

    return move(options, settings, _keys)


def _keys(settings: Settings) -> "CenterKeys":
    """The keys of a center that has been started before: a mistyped folder must not become a new center."""
    from desktop_app.center.keys import open_center_keystore, open_keys
    from sync.identity.device import is_enrolled

    folder = settings.center_folder
    if not is_enrolled(folder):
        raise OperatorError("center-missing", folder=str(folder))
    return open_keys(folder, open_center_keystore(settings), settings)
