#!/bin/sh
# What a container runtime does: stacks the image's layers to a root file system and enters it. Runs as root in
# namespaces of its own (mounts, processes, network, host name), so that nothing has to be cleaned up.
#   $1  the server's folder here        $2  its unpacked packages
#   $3  an empty folder                 $4  the folder with the pod's description, see pod.sh
set -eu
server="$1" packages="$2" stage="$3" pod="$4"
here="$(cd "$(dirname "$0")" && pwd)"
. "$pod/settings"

mount --make-rprivate /
# Layers below / would overlap with the lowest layer, which is / itself; on a file system of their own they do not.
mount -t tmpfs -o mode=0755 layers "$stage"
image="$stage/image" root="$stage/root"
mkdir "$stage/packages" "$stage/changes" "$stage/work" "$root" "$image"
cp -a "$packages/." "$stage/packages"
mkdir -p "$image/etc" "$image/proc" "$image/dev" "$image/tmp" "$image/sandbox" "$image/pod"
chmod 1777 "$image/tmp"
echo "127.0.0.1 localhost pod" >"$image/etc/hosts"
echo "root:x:0:0::/root:/bin/sh" >"$image/etc/passwd"
echo "root:x:0:" >"$image/etc/group"
# What the image adds to the packages; the ids there are the image's, whatever the manifest says.
(cd "$image" && sh -eu "$here/$server/image.sh" "$IMAGE")

layers="lowerdir=$image:$stage/packages:/"
if [ "$ROOT" = read-only ]; then
    mount -t overlay -o "$layers" root "$root"
else
    mount -t overlay -o "$layers,upperdir=$stage/changes,workdir=$stage/work" root "$root"
fi
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=0755 dev "$root/dev"
for device in null zero full random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mkdir -m 1777 "$root/dev/shm"
mount -t tmpfs -o mode=1777,size=64m shm "$root/dev/shm"
mount --bind "$here" "$root/sandbox"
mount --bind "$pod" "$root/pod"
hostname pod
ip link set lo up
exec chroot "$root" sh -eu /sandbox/pod.sh "$server"
