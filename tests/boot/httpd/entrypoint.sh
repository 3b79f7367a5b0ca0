# Apache takes a pid file that it finds for its own.
rm -f /usr/local/apache2/logs/httpd.pid
exec apache2 -d /usr/local/apache2 -f conf/httpd.conf -DFOREGROUND
