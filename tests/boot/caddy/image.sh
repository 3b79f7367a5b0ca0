# The image gives its program a file capability, which an overlay keeps.
mkdir -p usr/bin data config etc/caddy
cp ../packages/usr/bin/caddy usr/bin/caddy
setcap cap_net_bind_service=+ep usr/bin/caddy
printf 'http://:80\nrespond "bookstore"\n' >etc/caddy/Caddyfile
