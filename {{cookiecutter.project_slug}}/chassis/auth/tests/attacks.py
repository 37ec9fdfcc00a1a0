"""What has been tried against verifiers of tokens, by name; every one is to be refused."""

from __future__ import annotations

import zlib
from typing import Any

from chassis.auth.tests.forge import HEADER, b64, claims, signed, text

NOW = claims()["iat"]
GOOD = signed(claims())
HEAD, PAYLOAD, SIGNATURE = GOOD.split(b".")
FAR = 4_102_444_800
HUGE = b"1" + b"0" * 400
EMBEDDED = {"kty": "oct", "k": b64(b"a key that the attacker brings along").decode()}


def raw(changes: dict[str, bytes]) -> bytes:
    """Sign claims some of whose values are not what a library would write."""
    fields = {name: text(value) for name, value in claims().items()} | changes
    pairs = (b'"%s":%s' % (name.encode(), value) for name, value in fields.items())
    return signed(b"{" + b",".join(pairs) + b"}")


def header(**changes: Any) -> bytes:
    return signed(claims(), HEADER | changes)


OTHER_TYPES = [
    *("logout+jwt", "dpop+jwt", "secevent+jwt", "application/logout+jwt", "Logout+JWT", "id+jwt"),
    *("JOSE", "", "at", "at+jwt ", "text/at+jwt", 5, None, ["at+jwt"], {"at+jwt": 1}),
]
DEEP = b'{"alg":"HS256","x":' + b"[" * 1400 + b"]" * 1400 + b"}"
UNSIGNED = {
    f"alg {alg!r}{', no signature' if not signature else ''}": b".".join(
        (b64(text({"alg": alg, "typ": "JWT"})), PAYLOAD, signature)
    )
    for alg in ("none", "None", "NONE", "nOnE", "", None, 0, ["HS256"], {"HS256": 1}, "HS256 ")
    for signature in (b"", SIGNATURE)
}
HEADERS = {
    **{f"typ {typ!r}": header(typ=typ) for typ in OTHER_TYPES},
    "no alg": signed(claims(), {"typ": "JWT"}),
    "alg HS384 signed as HS256": header(alg="HS384"),
    "alg HS512": header(alg="HS512"),
    "alg RS256": header(alg="RS256"),
    "alg dir, of encryption": header(alg="dir", enc="A256GCM"),
    "two algs, the last one none": signed(claims(), b'{"alg":"HS256","alg":"none"}'),
    "crit unknown": header(crit=["x"], x=1),
    "crit known": header(crit=["alg"]),
    "crit empty": header(crit=[]),
    "crit no list": header(crit=5),
    "crit of lists": header(crit=[[]]),
    "b64 false": header(b64=False, crit=["b64"]),
    "b64 false, not critical": header(b64=False),
    "embedded jwk": signed(claims(), HEADER | {"jwk": EMBEDDED}, EMBEDDED["k"]),
    "kid a list": header(kid=["a"]),
    "kid a number": header(kid=7),
    "kid huge": header(kid="k" * 4000),
    "kid a path": signed(claims(), HEADER | {"kid": "../../../dev/null"}, b""),
    "kid a query": signed(claims(), HEADER | {"kid": "' UNION SELECT 'x"}, b"x"),
    "zip": b".".join((b64(text(HEADER | {"zip": "DEF"})), b64(zlib.compress(b"0" * 9999)), b"x")),
    "header a list": signed(claims(), ["alg"]),
    "header a number": signed(claims(), 5),
    "header null": signed(claims(), None),
    "header a string": signed(claims(), "alg"),
    "header no JSON": signed(claims(), b"{alg:HS256}"),
    "header no UTF-8": signed(claims(), b'{"alg":"HS256\xff"}'),
    "header UTF-16": signed(claims(), '{"alg":"none"}'.encode("utf-16")),
    "header deep": signed(claims(), DEEP, key="not the right one, for some Pythons can read it"),
    "header with a lone surrogate": signed(claims(), b'{"alg":"\\ud800"}'),
}
PAYLOADS = {
    "no claims": signed({}),
    "a list of claims": signed([claims()]),
    "null": signed(None),
    "a string": signed("ada"),
    "no JSON": signed(b"{"),
    "no UTF-8": signed(b'{"sub":"\xff"}'),
    "deep": signed(b"[" * 3000),
    "deep and closed": signed(b'{"x":' + b"[" * 2500 + b"]" * 2500 + b"}"),
    "a number of 5,000 digits": raw({"exp": b"9" * 5000}),
    "sub with a lone surrogate": raw({"sub": b'"\\ud800"'}),
    "sub with a line end": signed(claims(sub="ada\nadmin")),
    "scope with a lone surrogate": raw({"scope": b'"a \\udfff"'}),
    "scope a number": signed(claims(scope=7)),
    "scope an object of true": signed(claims(scope=True)),
    "scope of numbers": signed(claims(scope=[7])),
    **{f"no {name}": signed(claims(**{name: None})) for name in claims()},
    **{f"{name} null": raw({name: b"null"}) for name in claims()},
    **{f"{name} an object": raw({name: b"{}"}) for name in claims()},
    **{f"{name} a list": raw({name: b"[]"}) for name in claims()},
    **{f"{name} true": raw({name: b"true"}) for name in claims()},
}
CLAIMS = {
    **{
        f"{name} {value.decode()}": raw({name: value})
        for name in ("exp", "iat", "nbf")
        for value in (b"NaN", b"Infinity", b"-Infinity", b'"NaN"', b"1e999", b'""')
    },
    **{f"{name} in quotes": raw({name: b'"%d"' % NOW}) for name in ("exp", "iat", "nbf")},
    **{f"{name} huge": raw({name: HUGE}) for name in ("exp", "iat", "nbf")},
    "exp huge, iat a fraction": raw({"exp": HUGE, "iat": b"%d.5" % NOW}),
    "exp negative": signed(claims(exp=-1)),
    "exp 0": signed(claims(exp=0)),
    "expired beyond the leeway": signed(claims(exp=NOW - 31, iat=NOW - 600)),
    "far-future exp": signed(claims(exp=FAR)),
    "far-future exp and iat": signed(claims(exp=FAR, iat=FAR - 60)),
    "valid for more than a day": signed(claims(exp=NOW + 86_460)),
    "iat of 1970": signed(claims(iat=0)),
    "iat negative and huge": raw({"iat": b"-" + HUGE}),
    "iat in the future": signed(claims(iat=NOW + 36_000, exp=NOW + 36_100)),
    "nbf in the future": signed(claims(nbf=NOW + 36_000)),
    "aud of another": signed(claims(aud="billing")),
    "aud of others": signed(claims(aud=["billing", "orders2"])),
    "aud in another case": signed(claims(aud="Orders")),
    "aud ours inside a longer one": signed(claims(aud="orders-internal")),
    "aud ours in a list of lists": signed(claims(aud=[["orders"]])),
    "aud with a number beside": signed(claims(aud=["orders", 7])),
    "iss of another": signed(claims(iss="billing")),
    "iss a list with ours": signed(claims(iss=["orders"])),
    "iss with a slash": signed(claims(iss="orders/")),
    "sub empty": signed(claims(sub="")),
    "sub a number": signed(claims(sub=7)),
}
SHAPES = {
    "another key": signed(claims(), key="an entirely different key, not the right one"),
    "an empty key": signed(claims(), key=b""),
    "signature cut": GOOD[:-4],
    "signature empty": b".".join((HEAD, PAYLOAD, b"")),
    "signature one letter": b".".join((HEAD, PAYLOAD, b"A")),
    "signature padded": GOOD + b"=",
    "signature twice": GOOD + SIGNATURE,
    "payload cut": b".".join((HEAD, PAYLOAD[:-3], SIGNATURE)),
    "payload of another": b".".join((HEAD, b64(text(claims(sub="eve"))), SIGNATURE)),
    "payload detached": b".".join((HEAD, b"", SIGNATURE)),
    "two parts": b".".join((HEAD, PAYLOAD)),
    "one part": HEAD,
    "four parts": GOOD + b"." + SIGNATURE,
    "encrypted": b64(text({"alg": "dir", "enc": "A256GCM"})) + b"..aaaa.bbbb.cccc",
    "dots": b"..",
    "standard base64": GOOD.replace(b"-", b"+").replace(b"_", b"/") + b"+/",
    "oversized payload": signed(claims(x="x" * 8192)),
    "oversized nonsense": b"a" * 9000,
    "oversized with dots": b"a" * 3000 + b"." + b"a" * 3000 + b"." + b"a" * 3000,
    "quoted": b'"' + GOOD + b'"',
    "non-ASCII": GOOD + "é".encode(),
    "no UTF-8 at all": b"\xff\xfe\x80.\xff.\xff",
    "a list of two": GOOD + b", Bearer " + GOOD,
    "with a parameter": GOOD + b"; a=b",
    "JSON serialization": text({"payload": "x", "protected": "x", "signature": "x"}),
}
TOKENS = UNSIGNED | HEADERS | PAYLOADS | CLAIMS | SHAPES
AUTHORIZATIONS = {
    "empty": b"",
    "scheme alone": b"Bearer",
    "scheme and a space": b"Bearer ",
    "token alone": GOOD,
    "a tab for the space": b"Bearer\t" + GOOD,
    "no space": b"Bearer" + GOOD,
    "colon": b"Bearer: " + GOOD,
    "comma": b"Bearer, " + GOOD,
    "scheme twice": b"Bearer Bearer " + GOOD,
    "space inside": b"Bearer " + GOOD.replace(b".", b" .", 1),
    "another scheme": b"Token " + GOOD,
    "basic": b"Basic " + GOOD,
    "no-break space": b"Bearer\xa0" + GOOD,
    "scheme of another alphabet": "\N{GREEK CAPITAL LETTER BETA}earer ".encode() + GOOD,
    "bytes": bytes(range(128, 256)),
}
