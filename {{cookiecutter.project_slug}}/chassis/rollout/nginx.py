"""Renders nginx's configuration from the traffic that instances should receive."""

from __future__ import annotations

from hashlib import sha256
from textwrap import indent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chassis.rollout.fleet import Traffic

ADMIN_PORT = 8082
"""Port in nginx's container where this tool requests the generation and the revision."""


def render_block(head: str, *lines: str) -> str:
    """Render a block with its lines indented."""
    body = indent("\n".join(lines), "    ")
    return f"{head} {{\n{body}\n}}"


def render_traffic(
    traffic: Traffic, upstreams: Mapping[str, str], sticky: str, version_path: str
) -> tuple[str, str]:
    """Render the upstreams `stable` and `canary`, and `$rollout_app` that chooses between them.

    Return them with its generation, which nginx returns on its admin port once it has loaded them.
    That port also serves `version_path`: other ports may require HTTPS, or certain hosts.
    """
    stable = [upstreams[name] for name in traffic.stable]
    canary = [upstreams[name] for name in traffic.canary]
    standby = [upstreams[name] for name in traffic.standby]
    parts = [_render_upstream("stable", stable, standby)]
    if canary:
        # A connection that a canary refuses is retried on the old release, which is known to work.
        parts += [_render_upstream("canary", canary, stable)]
        parts += _render_split(traffic, sticky)
    else:
        parts += [render_block('map "" $rollout_app', "default stable;")]
    generation = sha256("\n".join(parts).encode()).hexdigest()[:16]
    admin = render_block(
        "server",
        f"listen {ADMIN_PORT};",
        f"include /tmp/ipv6-{ADMIN_PORT}*.conf;",
        "access_log off;",
        render_block("location = /generation", f'return 200 "{generation}";'),
        render_block(
            f'location = "{version_path}"',
            "proxy_set_header Host $http_host;",
            "proxy_pass http://$rollout_app;",
        ),
    )
    return "\n".join([*parts, admin]), generation


def _render_upstream(name: str, servers: Sequence[str], backup: Sequence[str]) -> str:
    # A restarted container has a new address, so names are resolved repeatedly. Before the first
    # time, nginx uses the backup, which is resolved when it loads its configuration. With
    # max_fails=0 a server stays in use after a failure: with few servers none might be left.
    lines = [f"server {server} resolve max_fails=0;" for server in servers]
    lines += [f"server {server} max_fails=0 backup;" for server in (*servers, *backup)]
    return render_block(
        f"upstream {name}",
        f"zone {name} 128k;",
        *(lines or ["server 127.0.0.1:1 down;"]),
        "keepalive 32;",
    )


def _render_split(traffic: Traffic, sticky: str) -> Iterable[str]:
    kind, _, name = sticky.partition(":")
    if kind in {"none", "client"}:
        user = "$remote_addr" if kind == "client" else "$request_id"
        yield render_block('map "" $rollout_user', f"default {user};")
    elif kind == "header":
        # nginx turns hyphens into underscores in variables of headers, but not of cookies.
        header = f"$http_{name.lower().replace('-', '_')}"
        yield render_block(f"map {header} $rollout_user", '"" $remote_addr;', f"default {header};")
    else:
        cookie = f"$cookie_{name}"
        yield render_block(f"map {cookie} $rollout_user", '"" $request_id;', f"default {cookie};")
        new = f'"{name}=$request_id; Path=/; HttpOnly; SameSite=Lax"'
        yield render_block(f"map {cookie} $rollout_cookie", f'"" {new};')
        yield "add_header Set-Cookie $rollout_cookie always;"
    # The salt is the name of an instance, so that each rollout chooses other users.
    head = f'split_clients "{traffic.canary[0]} $rollout_user" $rollout_app'
    yield render_block(head, f"{traffic.share:.2f}% canary;", "* stable;")
