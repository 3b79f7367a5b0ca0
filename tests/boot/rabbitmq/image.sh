echo "rabbitmq:x:999:999::/var/lib/rabbitmq:/usr/sbin/nologin" >>etc/passwd
echo "rabbitmq:x:999:" >>etc/group
mkdir -p var/lib/rabbitmq var/log/rabbitmq etc/rabbitmq
chown 999:999 var/lib/rabbitmq var/log/rabbitmq etc/rabbitmq
