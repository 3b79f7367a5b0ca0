settings="--no-defaults --datadir=/var/lib/mysql"
if [ ! -d /var/lib/mysql/mysql ]; then
    mariadb-install-db $settings --auth-root-authentication-method=normal --skip-test-db
fi
exec mariadbd $settings --socket=/run/mysqld/mysqld.sock --pid-file=/run/mysqld/mysqld.pid "$@"
