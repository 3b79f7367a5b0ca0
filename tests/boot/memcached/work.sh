ask() {
    exec 3<>/dev/tcp/127.0.0.1/11211
    printf '%b' "$1" >&3
    read -r answer <&3
    [ "$answer" = "$(printf '%b' "$2")" ]
}
store() { ask 'set title 0 0 9\r\nbookstore\r\n' 'STORED\r'; }
fetch() { ask 'get title\r\n' 'VALUE title 0 9\r'; }
case "$1" in
ready) ask 'mn\r\n' 'MN\r' ;;
write) store ;;
read) fetch ;;
again) ! fetch && store && fetch ;;
esac
