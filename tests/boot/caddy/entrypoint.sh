export XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
exec caddy run --config /etc/caddy/Caddyfile --adapter caddyfile
