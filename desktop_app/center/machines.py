"""The configuration of the machines beside a center: `silian center engine` (a Janus) and `relay` (a coturn)."""

import argparse
import ipaddress

from desktop_app.center.engines import write_janus_config, write_relay_config
from desktop_app.center.keys import held_keys
from desktop_app.domain.faults import OperatorError
from desktop_app.settings import Settings


def engine(options: argparse.Namespace, settings: Settings) -> int:
    """A Janus's configuration. It holds secrets: whoever has it commands that engine."""
    addresses = tuple(options.address or ())
    if options.to is None or not all(_is_address(each) for each in addresses) or not addresses:
        raise OperatorError(
            "setting-invalid",
            key="address",
            value=", ".join(addresses),
            wanted="--address IP --to FOLDER",
            source="engine",
        )
    keys = held_keys(settings)
    keys.registry.close()
    for path in write_janus_config(settings.center, keys.identity.key, options.name, addresses, options.to):
        print(path)
    print("Put these into /etc/janus of that machine, readable for Janus alone, and restart its service.")
    return 0


def relay(options: argparse.Namespace, settings: Settings) -> int:
    """coturn's configuration. It holds a secret: whoever has it can use the relay."""
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
    keys = held_keys(settings)
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
