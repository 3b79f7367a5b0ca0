group=999
case "$1" in *alpine*) group=1000 ;; esac
echo "redis:x:999:$group::/:/usr/sbin/nologin" >>etc/passwd
mkdir data
chown "999:$group" data
