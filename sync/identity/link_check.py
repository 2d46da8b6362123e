"""One look at a center from where a terminal stands: is it there, is it the right one, how far off is its clock."""

import ssl
from dataclasses import dataclass
from datetime import timedelta

import httpx

from desktop_app.domain.clock import Clock, moment
from desktop_app.domain.faults import OperatorError, PeerFault
from sync.identity.authority import SERVER_NAME, stranger_context, tls_context

SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What was found."""

    seconds: float
    """From the question to its answer, connection included."""
    clock_offset: timedelta
    """The center's clock minus this one."""


def look_at_center(url: str, ca_pem: str | None, clock: Clock) -> LinkReport:
    """Ask the center for its time. Blocking, a few seconds at most.

    Without `ca_pem` (before enrolment) whoever answers is taken at their word. OperatorError `center-unreachable`;
    PeerFault `center-certificate` when somebody else answers there, and `center-not-silian` when it is no center.
    """
    began = clock.monotonic()
    try:
        context = stranger_context() if ca_pem is None else tls_context(ca_pem)
        with httpx.Client(verify=context, timeout=SECONDS, trust_env=False) as client:
            answer = client.get(f"{url}/healthz", extensions={"sni_hostname": SERVER_NAME})
        now = moment(str(answer.json()["now"]))
    except httpx.TransportError as err:
        raise link_fault(err, url) from err
    except (ValueError, KeyError, TypeError, httpx.HTTPError) as err:
        raise PeerFault("center-not-silian", address=url) from err
    return LinkReport(clock.monotonic() - began, now - clock.now())


def link_fault(err: httpx.TransportError, url: str) -> OperatorError | PeerFault:
    """What a transport error means to a person."""
    cause: BaseException | None = err
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return PeerFault("center-certificate", address=url)
        if isinstance(cause, ssl.SSLError):
            return PeerFault("center-not-silian", address=url)
        cause = cause.__cause__ or cause.__context__
    if isinstance(err, httpx.ProtocolError | httpx.UnsupportedProtocol):
        return PeerFault("center-not-silian", address=url)
    return OperatorError("center-unreachable", address=url)
