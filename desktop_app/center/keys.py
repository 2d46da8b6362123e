"""Who a center is: its key, its authority, and the book of devices and codes. Light: no records, no media."""

import getpass
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.main import sentence
from desktop_app.settings import ENV_PASSPHRASE, Settings
from sync.identity.activation import CodeBook
from sync.identity.authority import Authority
from sync.identity.device import DEVICE_KEY, DeviceIdentity, DeviceKey, is_enrolled
from sync.identity.keystore import KeyStore, open_keystore
from sync.identity.registry import Registry
from sync.reference.units import unit_of

if TYPE_CHECKING:
    from sync.center.store import CenterStore


@dataclass(frozen=True, slots=True)
class CenterKeys:
    """Who this center is."""

    identity: DeviceIdentity
    authority: Authority
    registry: Registry
    codes: CodeBook

    def open_store(self, folder: Path, settings: Settings, clock: Clock) -> "CenterStore":
        """The records of this center, in its folder or its database; the faults of `CenterStore.open`."""
        from sync.center.store import CenterStore

        devices, database = self.registry.device, settings.center.database
        return CenterStore.open(folder, identity=self.identity, clock=clock, devices=devices, database=database)


def open_keys(folder: Path, keys: KeyStore, settings: Settings) -> CenterKeys:
    """The center's identity, made at its first use: key, authority, and the book of devices and codes.

    OperatorError `unit-unknown` when the settings name no unit; HostFault as `DeviceIdentity.load` and
    `Authority.open` say.
    """
    authority = Authority.open(folder, keys)
    if is_enrolled(folder):
        identity = DeviceIdentity.load(folder, keys)
    else:
        unit = unit_of(settings.center.unit)
        seed = keys.read(DEVICE_KEY)
        key = DeviceKey(seed) if seed else DeviceKey.generate()
        identity = DeviceIdentity.of_center(key, unit_path=unit.unit_path, ca_pem=authority.ca_pem, url="")
        identity.save(folder, keys)
    registry = Registry(folder, identity.store_key)
    return CenterKeys(identity, authority, registry, CodeBook(registry, identity.key))


def held_keys(settings: Settings) -> CenterKeys:
    """The keys of a center that has been started before: a mistyped folder must not become a new center."""
    folder = settings.center_folder
    if not is_enrolled(folder):
        raise OperatorError("center-missing", folder=str(folder))
    return open_keys(folder, open_center_keystore(settings), settings)


def open_center_keystore(settings: Settings) -> KeyStore:
    """The folder's key store; asks a person for the passphrase where one is needed and nobody gave it."""
    folder, given = settings.center_folder, os.environ.get(ENV_PASSPHRASE)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return open_keystore(folder, passphrase=given)
    except HostFault as fault:
        if given or fault.id not in ("passphrase-needed", "keyring-missing") or not sys.stdin.isatty():
            raise
        if fault.id == "keyring-missing":
            print(f"{sentence(fault)}\n", file=sys.stderr)
        typed = getpass.getpass("Passphrase of this center: ")
        if fault.id == "keyring-missing" and getpass.getpass("Once more: ") != typed:
            raise OperatorError("passphrase-wrong") from fault
        return open_keystore(folder, passphrase=typed)
