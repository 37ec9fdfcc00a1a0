"""Creates the sockets to listen on, one for each address of a setting such as `0.0.0.0,::`."""

from __future__ import annotations

import socket
from errno import EAFNOSUPPORT


def bind_listeners(hosts: str, port: int) -> list[socket.socket]:
    """Bind a socket to each of the hosts, all to the same port; 0 takes any free one.

    IPv6 sockets do not accept IPv4, whose addresses they would show in IPv6 form. A family that
    this machine does not support is skipped. Raises OSError if none is left, if an address is not
    this machine's, or if the port is in use; UnicodeError for an invalid host name.
    """
    listeners: list[socket.socket] = []
    lacking: OSError | None = None
    for host in hosts.split(","):
        try:
            listeners.append(_bind(host.strip(), port))
        except OSError as error:
            if error.errno != EAFNOSUPPORT:
                for listener in listeners:
                    listener.close()
                raise
            lacking = error
        else:
            port = listeners[0].getsockname()[1]
    if lacking and not listeners:
        raise lacking
    return listeners


def _bind(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
