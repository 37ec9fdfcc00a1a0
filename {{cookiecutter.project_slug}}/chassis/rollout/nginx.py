"""Writes nginx's configuration from who should get the traffic."""

from __future__ import annotations

from hashlib import sha256
from textwrap import indent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chassis.rollout.drivers import Nginx
    from chassis.rollout.fleet import Traffic

GENTLE = (1, 27, 4)
"""First version that can keep idle connections open for a while after a reload."""


def block(head: str, *lines: str) -> str:
    """Write a block, its lines indented."""
    body = indent("\n".join(lines), "    ")
    return f"{head} {{\n{body}\n}}"


def traffic_part(
    traffic: Traffic, upstreams: Mapping[str, str], sticky: str, nginx: Nginx, version: str
) -> tuple[str, str]:
    """Write what belongs to http: who is `stable`, who `canary`, and `$rollout_app` that chooses.

    Returns it with its generation, which nginx tells on its admin port once it works by it. There
    it also passes on `version`: its other ports may want HTTPS, or know their users' hosts only.
    """
    stable = [upstreams[name] for name in traffic.stable]
    canary = [upstreams[name] for name in traffic.canary]
    standby = [upstreams[name] for name in traffic.standby]
    parts = [_upstream("stable", stable, standby, resolves=nginx.resolves)]
    if canary:
        # A canary that refuses a connection has it passed on to those who are known to work.
        parts += [_upstream("canary", canary, stable, resolves=nginx.resolves)]
        parts += _split(traffic, sticky)
    else:
        parts += [block('map "" $rollout_app', "default stable;")]
    generation = sha256("\n".join(parts).encode()).hexdigest()[:16]
    admin = block(
        "server",
        f"listen {nginx.admin_listen()};",
        "access_log off;",
        block("location = /generation", f'return 200 "{generation}";'),
        block(
            f'location = "{version}"',
            "proxy_set_header Host $http_host;",
            "proxy_pass http://$rollout_app;",
        ),
    )
    return "\n".join([*parts, admin]), generation


def keeping(version: tuple[int, ...]) -> str:
    """Say how connections of clients are kept so that a reload cuts none."""
    # Older versions close idle connections at a reload, and a request may just be on its way.
    return "keepalive_min_timeout 2s;" if version >= GENTLE else "keepalive_timeout 0;"


def _upstream(name: str, servers: Sequence[str], backup: Sequence[str], *, resolves: bool) -> str:
    how = ""
    if resolves:
        # Names are looked up again and again, for a restarted container has another address; but
        # only after a reload: until then the address that was found while loading has to do.
        how, backup = " resolve", (*servers, *backup)
    # One that has refused once is not left out: with few of them none would be left.
    lines = [f"server {server}{how} max_fails=0;" for server in servers]
    lines += [f"server {server} max_fails=0 backup;" for server in backup]
    shared = [f"zone {name} 128k;"] if resolves else []
    return block(
        f"upstream {name}", *shared, *(lines or ["server 127.0.0.1:1 down;"]), "keepalive 32;"
    )


def _split(traffic: Traffic, sticky: str) -> Iterable[str]:
    kind, _, name = sticky.partition(":")
    if kind == "client":
        yield block('map "" $rollout_user', "default $remote_addr;")
    elif kind == "header":
        # Of headers nginx makes variables with underscores for hyphens; of cookies it does not.
        header = f"$http_{name.lower().replace('-', '_')}"
        yield block(f"map {header} $rollout_user", '"" $remote_addr;', f"default {header};")
    else:
        cookie = f"$cookie_{name}"
        yield block(f"map {cookie} $rollout_user", '"" $request_id;', f"default {cookie};")
        given = f'"{name}=$request_id; Path=/; HttpOnly; SameSite=Lax"'
        yield block(f"map {cookie} $rollout_cookie", f'"" {given};')
        yield "add_header Set-Cookie $rollout_cookie always;"
    # The salt changes with the rollout, or the same users would be the first ones every time.
    head = f'split_clients "{traffic.canary[0]} $rollout_user" $rollout_app'
    yield block(head, f"{traffic.share:.2f}% canary;", "* stable;")
