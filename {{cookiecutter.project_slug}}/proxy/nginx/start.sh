#!/bin/sh
# Writes configuration that depends on environment variables to included files, then starts nginx.
set -eu

# `listen` for IPv6, if the machine supports it.
for port in 8080 8082 8443; do
    options=$([ "$port" = 8443 ] && echo ssl || true)
    [ ! -e /proc/net/if_inet6 ] || echo "listen [::]:$port $options;" >"/tmp/ipv6-$port.conf"
done

# Who may set a request's client address and scheme.
networks=$(echo "${TRUSTED_PROXIES:-}" | tr ',' ' ')
{
    for network in $networks; do echo "set_real_ip_from $network;"; done
    echo 'geo $realip_remote_addr $is_trusted {'
    for network in $networks; do echo "    $network 1;"; done
    echo '    default 0;'
    echo '}'
} >/tmp/trusted-proxies.conf

# The port that HTTP redirects to; 0 is one that only Docker knows.
case ${HTTPS_PORT:-443} in 443 | 0) port='' ;; *) port=":$HTTPS_PORT" ;; esac
echo "map '' \$https_port { default '$port'; }" >/tmp/https-port.conf

exec nginx -e stderr "$@"
