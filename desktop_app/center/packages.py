"""`silian center import`: take a terminal's sync package in from a USB stick, and write its receipt file."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from desktop_app.center.app import center_uploads
from desktop_app.center.keys import open_center_keystore, open_keys
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.settings import Settings
from sync.identity.device import is_enrolled
from sync.identity.keystore import KeyStore
from sync.reference.units import unit_name
from sync.usb.center import RECEIPT_SUFFIX, UsbOffice
from sync.usb.spool import Spool, as_json

WITHIN = 600.0
"""Seconds in which a running center takes a package in."""


def run(options: argparse.Namespace, settings: Settings) -> int:
    """By way of the center where that is running, and else by itself."""
    if options.file is None:
        raise OperatorError("setting-invalid", key="file", value="", wanted="import FILE", source="import")
    package: Path = options.file
    receipt: Path = options.to or package.with_suffix(RECEIPT_SUFFIX)
    folder = settings.center_folder
    if not is_enrolled(folder):
        raise OperatorError("center-missing", folder=str(folder))
    try:
        told = _alone(package, receipt, settings, open_center_keystore(settings))
    except HostFault as fault:
        if fault.id != "store-in-use":
            raise
        told = Spool(folder).hand_over(package, receipt, seconds=WITHIN)
    _print({**told, "receipt": str(receipt)}, as_lines=not options.json)
    return 0


def _alone(package: Path, receipt: Path, settings: Settings, keystore: KeyStore) -> Mapping[str, Any]:
    """HostFault `store-in-use` where the center is running."""
    clock = SystemClock()
    keys = open_keys(settings.center_folder, keystore, settings)
    try:
        store = keys.open_store(settings.center_folder, settings, clock)
        try:
            uploads = center_uploads(store, keystore, settings, clock)
            office = UsbOffice(store, uploads, keys.identity, keys.registry.device, clock)
            return as_json(office.take_in(package, receipt))
        finally:
            store.close()
    finally:
        keys.registry.close()


def _print(told: Mapping[str, Any], *, as_lines: bool) -> None:
    if not as_lines:
        print(json.dumps(told, ensure_ascii=False))
        return
    print(f"{unit_name(told['unit_path'])}: {told['changes']} changes, {told['new']} of them new here")
    print(f"attachments  {told['attachments']} taken, {told['refused']} not taken")
    print(f"receipt      {told['receipt']}\nTake the receipt back to the terminal and import it there.")
