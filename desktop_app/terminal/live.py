"""How a terminal's open minutes reach the center: the socket's address, its TLS, and who signs it."""

import json
from collections.abc import Mapping
from random import Random

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault, PeerFault
from sync.identity.authority import tls_context
from sync.identity.device import DeviceIdentity
from sync.identity.requests import RequestSigner
from sync.replication.client import CenterClient, LinkFault
from sync.terminal.live import LiveDocuments, dialer
from sync.terminal.records import Records


def live_documents(
    identity: DeviceIdentity, records: Records, signer: RequestSigner, client: CenterClient, clock: Clock
) -> LiveDocuments:
    """The open minutes of this terminal; it belongs to the sync thread."""

    def headers(path: str) -> Mapping[str, str]:
        return signer.headers("GET", path, now=clock.now() + client.clock_offset, person=records.person)

    def refused(body: bytes) -> Fault:
        """The center's own word; its time sets our stamp right for the next try."""
        try:
            told = json.loads(body)
            fault = str(told["id"])
        except (ValueError, KeyError, TypeError):
            return LinkFault("center-not-silian", address=identity.center_url)
        client.note_center_time(told.get("now"))
        return PeerFault(fault)

    dial = dialer(identity.center_url, tls_context(identity.ca_pem), headers, refused)
    return LiveDocuments(records, dial, jitter=Random())
