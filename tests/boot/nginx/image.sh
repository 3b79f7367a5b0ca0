# The layout of the image: its own configuration, directories that belong to root, logs on the container's streams.
echo "nginx:x:101:101::/nonexistent:/bin/false" >>etc/passwd
echo "nginx:x:101:" >>etc/group
mkdir -p etc/nginx/conf.d var/cache/nginx var/log/nginx run usr/share/nginx/html
ln -s /dev/stdout var/log/nginx/access.log
ln -s /dev/stderr var/log/nginx/error.log
echo bookstore >usr/share/nginx/html/index.html
cat >etc/nginx/nginx.conf <<'END'
user nginx;
error_log /var/log/nginx/error.log notice;
pid /var/run/nginx.pid;
events {}
http {
    client_body_temp_path /var/cache/nginx/client_temp;
    proxy_temp_path /var/cache/nginx/proxy_temp;
    fastcgi_temp_path /var/cache/nginx/fastcgi_temp;
    uwsgi_temp_path /var/cache/nginx/uwsgi_temp;
    scgi_temp_path /var/cache/nginx/scgi_temp;
    access_log /var/log/nginx/access.log;
    include /etc/nginx/conf.d/*.conf;
}
END
cat >etc/nginx/conf.d/default.conf <<'END'
server {
    listen 80;
    location / { root /usr/share/nginx/html; }
}
END
