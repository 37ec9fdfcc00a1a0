"""Makes tokens by hand, so that a test can say whatever a library would not write."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from chassis.auth.secret_keys import DEVELOPMENT_KEY

SERVICE = "orders"
HEADER = {"alg": "HS256", "typ": "at+jwt"}


def claims(**changes: Any) -> dict[str, Any]:
    """What a good token says; None leaves a claim out."""
    now = int(time.time())
    good = {"iss": SERVICE, "aud": SERVICE, "sub": "ada", "iat": now, "exp": now + 36_000}
    return {name: value for name, value in (good | changes).items() if value is not None}


def b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def text(content: Any) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()


def signed(payload: Any, header: Any = HEADER, key: str | bytes = DEVELOPMENT_KEY) -> bytes:
    """Sign with HS256 whatever the header says; bytes are taken as they are."""
    signing_input = b64(text(header)) + b"." + b64(text(payload))
    secret = key.encode() if isinstance(key, str) else key
    return signing_input + b"." + b64(hmac.digest(secret, signing_input, hashlib.sha256))
