#!/bin/sh
# Fetches the servers that tests/boot.rs starts, from Debian, into boot-packages below the target directory.
# They are unpacked there and not installed: nothing starts, no user is made, and no file of the system changes.
# Needs apt, its lists (`apt-get update`) and root. Only the tools at the end are installed.
set -eu

SERVERS="redis:redis-server nginx:nginx-light postgres:postgresql-15 memcached:memcached mariadb:mariadb-server
rabbitmq:rabbitmq-server httpd:apache2 haproxy:haproxy caddy:caddy"
TOOLS="iproute2 util-linux libcap2-bin skopeo umoci"

target="${CARGO_TARGET_DIR:-$(dirname "$0")/../../target}/boot-packages"
mkdir -p "$target"
target="$(cd "$target" && pwd)"

for server in $SERVERS; do
    name="${server%%:*}" package="${server#*:}"
    [ -e "$target/$name.complete" ] && continue
    archives="$target/archives/$name"
    rm -rf "$archives" "${target:?}/$name"
    mkdir -p "$archives/partial" "$target/$name"
    # What else the system has already comes from its own root, which is the lowest layer.
    apt-get install --yes --quiet=2 --no-install-recommends --reinstall --download-only \
        -o Dir::Cache::archives="$archives" "$package"
    for archive in "$archives"/*.deb; do
        [ -e "$archive" ] && dpkg-deb --extract "$archive" "$target/$name"
    done
    # Debian's / has links to /usr where old packages have folders, which would hide the links.
    for folder in bin sbin lib; do
        [ -d "$target/$name/$folder" ] || continue
        mkdir -p "$target/$name/usr/$folder"
        cp -a "$target/$name/$folder/." "$target/$name/usr/$folder"
        rm -rf "${target:?}/$name/$folder"
    done
    rm -rf "$archives"
    touch "$target/$name.complete"
done
rm -rf "$target/archives"

# shellcheck disable=SC2086
apt-get install --yes --quiet=2 --no-install-recommends $TOOLS
