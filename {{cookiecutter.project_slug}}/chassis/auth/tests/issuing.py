"""An OpenID Connect issuer on a port of this machine, which can be made to misbehave."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from chassis.auth.jwks import ALGORITHMS
from chassis.auth.tests.forge import claims

if TYPE_CHECKING:
    from collections.abc import Callable

    from joserfc.jwk import Key

    Answer = tuple[int, dict[str, str], bytes]

RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
OTHER_RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
OKP = OKPKey.generate_key("Ed25519", {"kid": "okp"})
DROP, LARGE = 64, 1_000_000
"""Bytes written at once: if there is a pause before each time, and if not."""
DISCOVERY = "/.well-known/openid-configuration"


class Issuer:
    """Answers with its keys, or what `answers` says for a path."""

    def __init__(self) -> None:
        self.keys: list[Any] = [key.as_dict(private=False) for key in (RSA, EC, OKP)]
        self.answers: dict[str, Callable[[], Answer]] = {}
        self.paths: list[str] = []

    def __enter__(self) -> Self:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.paths.append(self.path)
                status, headers, body = issuer.answers.get(self.path, issuer.keys_or_discovery)()
                self.send_response(status)
                for header in headers.items():
                    self.send_header(*header)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                pause = float(headers.get("x-pause", 0))
                with suppress(OSError):
                    for start in range(0, len(body), DROP if pause else LARGE):
                        time.sleep(pause)
                        self.wfile.write(body[start : start + (DROP if pause else LARGE)])

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def keys_or_discovery(self) -> Answer:
        document = {"keys": self.keys, "issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        return 200, {"content-type": "application/json"}, json.dumps(document).encode()

    def sign(self, alg: str = "RS256", key: Key = RSA, header: Any = None, **changes: Any) -> bytes:
        """Sign a good token, but for the changes."""
        whole = {"alg": alg, "kid": key.kid} if header is None else {"alg": alg, **header}
        said = claims(**{"iss": self.url, **changes})
        return jwt.encode(whole, said, key, algorithms=ALGORITHMS).encode()
