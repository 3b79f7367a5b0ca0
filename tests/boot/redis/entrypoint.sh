cd /data
exec redis-server "$@"
