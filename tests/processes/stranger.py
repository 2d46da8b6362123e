"""A client written from `docs/protocol` alone: it enrols, pushes, reads its receipt, pulls, and compares checksums.

Nothing of the project is imported here, and nothing may be: what this client cannot do from the pages is missing there.
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import secrets
import socket
import ssl
import time
import uuid
from typing import Any

import msgpack
import zstandard
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def sha(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def name(text: str) -> bytes | str:
    """records.md, 1: 16 bytes where the text is a canonical UUID."""
    try:
        read = uuid.UUID(text)
    except ValueError:
        return text
    return read.bytes if str(read) == text else text


class _Connection(http.client.HTTPSConnection):
    """identity.md, TLS: the server's name is always the same."""

    def connect(self) -> None:
        line = socket.create_connection((self.host, self.port), timeout=20)
        self.sock = self._context.wrap_socket(line, server_hostname="silian-center")  # type: ignore[attr-defined]


class Stranger:
    """identity.md."""

    def __init__(self, host: str, port: int) -> None:
        self._at = host, port
        self._key = Ed25519PrivateKey.generate()
        self.public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.device = sha(self.public).hex()[:32]
        self._trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._trust.check_hostname, self._trust.verify_mode = False, ssl.CERT_NONE
        self._center, self.unit, self.person = b"", "", ""
        self._hlc = self._seq = 0
        self._head = bytes(32)

    def _ask(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> bytes:
        connection = _Connection(*self._at, context=self._trust)
        connection.request(method, target, body, {**headers, "Content-Length": str(len(body))})
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        if answer.status != 200:
            raise ValueError(f"{answer.status} {told!r}")
        return told

    def ask(self, method: str, target: str, body: bytes = b"") -> bytes:
        """A signed request."""
        path, _, query = target.partition("?")
        lines = {"@method": method, "@path": path, "@query": f"?{query}"}
        lines["content-digest"] = f"sha-256=:{b64(sha(body))}:"
        headers = {"Content-Digest": lines["content-digest"]}
        if self.person:
            headers["Silian-Person"] = lines["silian-person"] = self.person
        names = " ".join(f'"{each}"' for each in lines)
        params = f'({names});created={int(time.time())};nonce="{secrets.token_hex(16)}";keyid="{self.device}"'
        params += f';alg="ed25519";tag="silian-v1:{sha(self._center).hex()[:32]}"'
        lines["@signature-params"] = params
        base = "\n".join(f'"{each}": {value}' for each, value in lines.items())
        signature = b64(self._key.sign(base.encode()))
        headers |= {"Signature-Input": f"silian={params}", "Signature": f"silian=:{signature}:"}
        return self._ask(method, target, body, headers)

    def enrol(self, code: str) -> None:
        symbols, nonce = code.replace("-", ""), os.urandom(32)
        spoken = {"version": 1, "locator": symbols[:4], "device_key": b64(self.public), "nonce": b64(nonce)}
        told = json.loads(self._ask("POST", "/v1/enrolments/hello", json.dumps(spoken).encode(), {}))
        salt, self._center = base64.b64decode(told["salt"]), base64.b64decode(told["center_key"])
        stretched = hash_secret_raw(symbols[4:].encode(), salt, 2, 32768, 1, 32, Type.ID, 0x13)
        transcript = sha(ssl.PEM_cert_to_DER_cert(told["ca_pem"])) + self._center + self.public + nonce

        def proof(label: bytes) -> bytes:
            return hmac.digest(stretched, label + b"\0" + transcript, "sha256")

        if not hmac.compare_digest(proof(b"silian-enrol-center-v1"), base64.b64decode(told["proof"])):
            raise ValueError("somebody else answered")
        self._trust = ssl.create_default_context(cadata=told["ca_pem"])
        spoken |= {"proof": b64(proof(b"silian-enrol-terminal-v1")), "person_name": "陌生人", "machine": "stranger"}
        told = json.loads(self.ask("POST", "/v1/enrolments", json.dumps(spoken).encode()))
        self.unit, self.person = told["unit_path"], told["person"]

    def _verify(self, signature: bytes, message: bytes) -> None:
        Ed25519PublicKey.from_public_bytes(self._center).verify(signature, message)

    # records.md

    def push(self, *writes: tuple[str, str, dict[str, Any], str]) -> tuple[list[str], list[Any]]:
        """(entity, pk, fields, meeting) of new records; the change ids, and all verdicts but *applied*."""
        first, before, items, ids = self._seq + 1, self._head, [], []
        own = bytes.fromhex(self.device)
        for entity, pk, fields, meeting in writes:
            self._hlc = max(int(time.time() * 1000) << 16, self._hlc + 1)
            if self._hlc & 0xFFFF > 4095:
                self._hlc = (self._hlc >> 16) + 1 << 16
            number = self._hlc >> 16 << 80 | 7 << 76 | (self._hlc & 0xFFFF) << 64 | 2 << 62 | secrets.randbits(62)
            made, salt = uuid.UUID(int=number), os.urandom(16)
            payload = msgpack.packb({"fields": fields, "base_clocks": {}})
            self._seq += 1
            said = [entity, name(pk), "put", 1, name(self.person)]
            place = [self.unit, name(meeting)]
            envelope = [
                1,
                made.bytes,
                own,
                1,
                self._seq,
                self._hlc,
                *said,
                own,
                *place,
                sha(salt + payload),
                self._head,
            ]
            self._head = sha(msgpack.packb(envelope))
            items.append([made.bytes, self._hlc, *said, None, *place, salt, payload, None])
            ids.append(str(made))
        signature = self._key.sign(b"silian-head-v1" + own + u64(1) + u64(self._seq) + self._head)
        body = zstandard.compress(msgpack.packb([1, own, 1, first, before, self._head, signature, items]))
        target = f"/v1/terminals/{self.device}/changes"
        answer = self.ask("POST", target, body)
        if self.ask("POST", target, body) != answer:
            raise ValueError("a replay is answered with the same bytes")
        verdicts: list[Any] = []
        for receipt, signed in msgpack.unpackb(answer):
            self._verify(signed, b"silian-receipt-v1" + sha(receipt))
            _, _, terminal, epoch, _, last, head, _, listed, _ = msgpack.unpackb(receipt)
            if (terminal, epoch, last, head) != (own, 1, self._seq, self._head):
                raise ValueError("a receipt for something else")
            verdicts += listed
        return ids, verdicts

    def pull(self) -> tuple[list[Any], bytes]:
        """All items from the beginning, its own too, and the sums that the center has of them now."""
        own = bytes.fromhex(self.device)
        raw = self.ask("GET", "/v1/changes?since=0&limit=1000&wait=0&feed=&epoch=1&seq=0")
        _, feed, since, following, _, now, packed, signed = msgpack.unpackb(_unfold(raw))
        where = feed + u64(since) + u64(following) + u64(now)
        self._verify(signed, b"silian-page-v1" + own + where + sha(packed))
        raw = self.ask("GET", f"/v1/heads?since={following}&feed={feed.hex()}&epoch=1&seq={self._seq}")
        _, feed, cursor, settled, sums, signed = msgpack.unpackb(_unfold(raw))
        told = feed + u64(cursor) + bytes([settled]) + sha(sums)
        self._verify(signed, b"silian-heads-v1" + own + told)
        return msgpack.unpackb(packed), sums


def _unfold(raw: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(raw, 1 << 26)


def sums_of(items: list[Any]) -> bytes:
    """The same sums, of what was pulled."""
    buckets = [[0, 0] for _ in range(256)]
    for each in items:
        said = bytes(32) if each[13] is None else sha(each[13])
        digest = sha(each[0] + u64(each[4]) + u64(each[14]) + said)[:16]
        bucket = buckets[each[0][-1]]
        bucket[0] += 1
        bucket[1] ^= int.from_bytes(digest, "big")
    return b"".join(count.to_bytes(4, "big") + digest.to_bytes(16, "big") for count, digest in buckets)
