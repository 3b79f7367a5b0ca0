echo "haproxy:x:99:99::/var/lib/haproxy:/usr/sbin/nologin" >>etc/passwd
mkdir -p usr/local/etc/haproxy
