exec haproxy -W -db -f /usr/local/etc/haproxy/haproxy.cfg
