"""Sealing what must outlive its person's key for a moment: a key of its own, which travels with it.

A provider's token has to reach the queue that revokes it although the person's key is destroyed. It is sealed
under a data key that is used for nothing else; KMS wraps that key and binds the subject, a random name.

    length of the wrapped key (2) | wrapped key | nonce (12) | AES-256-GCM ciphertext and tag
"""

from __future__ import annotations

import os

from chalicelib.contracts.ports import Unsealable
from chalicelib.runtime.sealing import NONCE_BYTES, KeyWrapper


def seal_alone(wrapper: KeyWrapper, subject: str, purpose: str, plaintext: str) -> bytes:
    """Seal under a fresh key; subject and purpose are bound."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key, wrapped = wrapper.generate(subject)
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plaintext.encode(), _bound(subject, purpose))
    return len(wrapped).to_bytes(2, "big") + wrapped + nonce + sealed


def open_alone(wrapper: KeyWrapper, subject: str, purpose: str, sealed: bytes) -> str:
    """The plaintext. Raises `Unsealable`."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    at = 2 + int.from_bytes(sealed[:2], "big")
    wrapped, nonce, ciphertext = sealed[2:at], sealed[at : at + NONCE_BYTES], sealed[at + NONCE_BYTES :]
    if not wrapped or len(nonce) < NONCE_BYTES:
        raise Unsealable("not a sealed envelope")
    try:
        key = wrapper.unwrap(subject, wrapped)
        return AESGCM(key).decrypt(nonce, ciphertext, _bound(subject, purpose)).decode()
    except InvalidTag:
        raise Unsealable("sealed for another subject or purpose, or changed since") from None


def _bound(subject: str, purpose: str) -> bytes:
    return f"oo envelope v1\n{len(subject)}\n{subject}{purpose}".encode()
