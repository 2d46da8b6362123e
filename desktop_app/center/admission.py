"""Who may come to a center: `silian center code`, `devices` and `revoke`, also while it runs."""

import argparse
import json
from datetime import timedelta

from desktop_app.center.keys import held_keys
from desktop_app.domain.clock import BEIJING, SystemClock, unix_ms
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import DeviceId, uuid7
from desktop_app.domain.principal import Role, roles_fit
from desktop_app.platform import account
from desktop_app.settings import Settings
from sync.identity.deeds import Deed
from sync.log.audit import AuditKind
from sync.reference.units import unit_name, unit_of


def code(options: argparse.Namespace, settings: Settings) -> int:
    """`center code`: give out activation codes; OperatorError `unit-unknown`, `roles-not-separate`."""
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
    keys = held_keys(settings)
    now = SystemClock().now()
    for _ in range(options.count):
        given = str(keys.codes.issue(unit.unit_path, roles, now, timedelta(hours=options.hours), account()))
        expires = (now + timedelta(hours=options.hours)).astimezone(BEIJING)
        if options.json:
            row = {"code": given, "unit": unit.code, "unit_path": unit.unit_path, "expires": expires.isoformat()}
            print(json.dumps(row, ensure_ascii=False), flush=True)
        else:
            print(f"{unit.name}  one terminal, good until {expires:%Y-%m-%d %H:%M}  {given}", flush=True)
    keys.registry.close()
    return 0


def devices(options: argparse.Namespace, settings: Settings) -> int:
    """`center devices`: who is enrolled, and who was revoked."""
    registry = held_keys(settings).registry
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


def revoke(options: argparse.Namespace, settings: Settings) -> int:
    """`center revoke`: refuse a terminal from now on; OperatorError `device-not-listed`."""
    registry, now = held_keys(settings).registry, SystemClock().now()
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
