echo "mysql:x:999:999::/home/mysql:/bin/sh" >>etc/passwd
echo "mysql:x:999:" >>etc/group
mkdir -p var/lib/mysql run/mysqld
chown 999:999 var/lib/mysql run/mysqld
