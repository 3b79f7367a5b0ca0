export HOME=/var/lib/rabbitmq RABBITMQ_LOGS=- RABBITMQ_LOG_BASE=/var/log/rabbitmq LANG=C.UTF-8
exec /usr/lib/rabbitmq/bin/rabbitmq-server "$@"
