# A server that cannot save answers PING all the same, so that SAVE decides.
says() {
    expected="$1"
    shift
    [ "$(redis-cli "$@")" = "$expected" ]
}
case "$1" in
ready) says PONG PING ;;
write) says OK SET title bookstore && says OK SAVE ;;
read) says bookstore GET title ;;
again) says bookstore GET title && says OK SET title again && says OK SAVE ;;
esac
