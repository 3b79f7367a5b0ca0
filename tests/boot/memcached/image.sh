echo "memcache:x:11211:11211::/:/usr/sbin/nologin" >>etc/passwd
