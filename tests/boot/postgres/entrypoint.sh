# What the image's entrypoint does as a user other than root; its default directory moved with version 18.
PATH="$PATH:/usr/lib/postgresql/15/bin"
export PGDATA="${PGDATA:-$(cat /etc/image-pgdata)}"
mkdir -p "$PGDATA"
# The server refuses a directory that its group may write, which an fsGroup makes of it.
chmod 0700 "$PGDATA" || :
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb --username=postgres --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") --auth=scram-sha-256 --no-sync
fi
exec postgres -c listen_addresses='*' -c fsync=off "$@"
