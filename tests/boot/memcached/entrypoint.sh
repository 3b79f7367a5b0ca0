exec memcached "$@"
