#!/bin/sh
# What the kubelet does: prepares the pod's volumes and sysctls, starts the container as its security context says, and
# starts it a second time. Runs as root inside the image's root. /pod holds what the manifest says:
#   settings     IMAGE, USER_ID, GROUP_ID, FS_GROUP, CHANGE_POLICY, ROOT (read-only or writable), CAPABILITIES (for
#                setpriv), SYSCTLS
#   volumes      lines of kind and path: `empty` is an emptyDir, `storage` a new persistent volume, `used` one on which the
#                server ran before, without an fsGroup; `files` comes with a folder that holds the files
#   environment  lines of NAME=VALUE
#   arguments    one a line
# Exit: 0 it works; 11 no start; 12 no work done; 13 no second start; 14 no work done after it; 15 not used before. The log is /pod/log.
# $1 is the server's folder below /sandbox.
set -eu
server="/sandbox/$1"
. /pod/settings

# The kubelet's SetVolumeOwnership.
own() {
    [ -n "$FS_GROUP" ] || return 0
    if [ "$CHANGE_POLICY" = OnRootMismatch ]; then
        case "$(stat -c '%g %a' "$1")" in
        "$FS_GROUP 277"[0-7]) return 0 ;;
        esac
    fi
    chgrp -R "$FS_GROUP" "$1"
    find "$1" -type d -exec chmod g+rwxs {} +
    find "$1" -type f -exec chmod g+rw {} +
}

own_volumes() {
    while read -r kind path _; do
        [ "$kind" = files ] || own "$path"
    done </pod/volumes
}

# A mount point that the image lacks is made by the runtime, below a read-only root too; here the root's layers are
# closed by now, so that image.sh must make it.
mount_volumes() {
    while read -r kind path folder; do
        case "$kind" in
        empty) mount -t tmpfs -o mode=0777 empty "$path" ;;
        storage) mount -t tmpfs -o mode=0755 storage "$path" ;;
        used) mount -t tmpfs -o mode=0755,uid="$USER_ID",gid="$GROUP_ID" used "$path" ;;
        files)
            mount -t tmpfs -o mode=0755 files "$path"
            cp "/pod/$folder"/* "$path"
            mount -o remount,ro "$path"
            ;;
        esac
    done </pod/volumes
}

# Becomes a command as the container's user, with what its security context leaves it.
# `env` is there because setpriv keeps permitted capabilities until the next exec.
confined() {
    groups="--clear-groups"
    [ -z "$FS_GROUP" ] || groups="--groups $FS_GROUP"
    # shellcheck disable=SC2046,SC2086
    exec setpriv --reuid "$USER_ID" --regid "$GROUP_ID" $groups \
        --inh-caps=-all --ambient-caps=-all --bounding-set="$CAPABILITIES" --no-new-privs \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/ $(cat /pod/environment) "$@"
}

start() {
    # Like runc, which gives the container's streams to its user.
    chown "$USER_ID" /pod/log
    # shellcheck disable=SC2046
    confined bash -eu "$server/entrypoint.sh" $(cat /pod/arguments) >>/pod/log 2>&1 </dev/null &
    process=$!
    for _ in $(seq 300); do
        if work ready >/dev/null 2>&1; then return 0; fi
        kill -0 "$process" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

work() {
    (confined timeout 20 bash -eu "$server/work.sh" "$1")
}

: >/pod/log
for sysctl in $SYSCTLS; do
    echo "${sysctl#*=}" >"/proc/sys/$(echo "${sysctl%%=*}" | tr . /)"
done
mount_volumes
if grep -q '^used ' /pod/volumes; then
    start || exit 15
    kill "$process"
    wait "$process" || :
fi
own_volumes
start || exit 11
work write >>/pod/log 2>&1 || exit 12
work read >>/pod/log 2>&1 || exit 12
kill "$process"
wait "$process" || :
own_volumes
start || exit 13
work again >>/pod/log 2>&1 || exit 14
