export HOME=/var/lib/rabbitmq LANG=C.UTF-8
control() { /usr/lib/rabbitmq/bin/rabbitmqctl --quiet "$@"; }
listens() {
    exec 3<>/dev/tcp/127.0.0.1/5672
    printf 'AMQP\x00\x00\x09\x01' >&3
    # A method frame: Connection.Start.
    [ "$(head -c 1 <&3 | od -An -tu1 | tr -d ' ')" = 1 ]
}
case "$1" in
ready) listens ;;
write) control add_user clerk example ;;
read) control authenticate_user clerk example ;;
again) control authenticate_user clerk example && control delete_user clerk ;;
esac
