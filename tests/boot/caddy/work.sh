exec 3<>/dev/tcp/127.0.0.1/80
printf 'GET /index.html HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
answer="$(cat <&3)"
[[ "$answer" == *"200 OK"*bookstore ]]
