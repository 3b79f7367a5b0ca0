id=999
case "$1" in *alpine*) id=70 ;; esac
data=/var/lib/postgresql/data
case "$1" in *:18*) data=/var/lib/postgresql/18/docker ;; esac
echo "postgres:x:$id:$id::/var/lib/postgresql:/bin/bash" >>etc/passwd
echo "postgres:x:$id:" >>etc/group
mkdir -p var/lib/postgresql/data run/postgresql
chown -R "$id:$id" var/lib/postgresql run/postgresql
chmod 3777 run/postgresql
# Stands for the image's PGDATA, which a container may override.
echo "$data" >etc/image-pgdata
