"""The X25519 key (RFC 7748) that belongs to a device's Ed25519 key: whoever knows the one can seal for the other.

So a terminal that has never been online since its enrolment can seal for its center, and the center for it: nothing
more has to be learned or kept. The map is that of RFC 7748, section 4.1; `docs/adr/0012` says why one key may do both.
"""

import hashlib

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from sync.identity.device import KEY_BYTES, DeviceKey

_P = 2**255 - 19


def sealing_key(public: bytes) -> X25519PublicKey:
    """The public half, from a raw Ed25519 public key of 32 bytes; ValueError for what is none."""
    if len(public) != KEY_BYTES:
        raise ValueError("an Ed25519 public key has 32 bytes")
    y = int.from_bytes(public, "little") & (1 << 255) - 1
    if y >= _P or y == 1:
        raise ValueError("not a public key")
    u = (1 + y) * pow(1 - y, -1, _P) % _P
    return X25519PublicKey.from_public_bytes(u.to_bytes(KEY_BYTES, "little"))


def opening_key(key: DeviceKey) -> X25519PrivateKey:
    """The private half: the scalar that RFC 8032, section 5.1.5, makes of the seed."""
    return X25519PrivateKey.from_private_bytes(hashlib.sha512(key.seed).digest()[:KEY_BYTES])
