"""Who a center is: its key, its authority, and the book of devices and codes. Light: no records, no media."""

from dataclasses import dataclass
from pathlib import Path

from desktop_app.settings import Settings
from sync.identity.activation import CodeBook
from sync.identity.authority import Authority
from sync.identity.device import DEVICE_KEY, DeviceIdentity, DeviceKey, is_enrolled
from sync.identity.keystore import KeyStore
from sync.identity.registry import Registry
from sync.reference.units import unit_of


@dataclass(frozen=True, slots=True)
class CenterKeys:
    """Who this center is."""

    identity: DeviceIdentity
    authority: Authority
    registry: Registry
    codes: CodeBook


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
