# The layout of the image: everything below /usr/local/apache2, owned by root.
echo "www-data:x:33:33::/var/www:/usr/sbin/nologin" >>etc/passwd
echo "www-data:x:33:" >>etc/group
mkdir -p usr/local/apache2/conf usr/local/apache2/htdocs usr/local/apache2/logs
echo bookstore >usr/local/apache2/htdocs/index.html
cat >usr/local/apache2/conf/httpd.conf <<'END'
ServerRoot "/usr/local/apache2"
ServerName localhost
Listen 80
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
User www-data
Group www-data
DocumentRoot "/usr/local/apache2/htdocs"
PidFile logs/httpd.pid
ErrorLog /proc/self/fd/2
END
