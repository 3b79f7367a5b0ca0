PATH="$PATH:/usr/lib/postgresql/15/bin"
export PGPASSWORD="$POSTGRES_PASSWORD"
ask() { psql --username=postgres --no-psqlrc --tuples-only --no-align --quiet "$@"; }
case "$1" in
ready) pg_isready -U postgres -h 127.0.0.1 ;;
write) ask -h 127.0.0.1 -c "create table book (title text); insert into book values ('bookstore')" ;;
# By the socket, which is what the directory for it is there for.
read) [ "$(ask -h /var/run/postgresql -c 'select title from book')" = bookstore ] ;;
again)
    [ "$(ask -h 127.0.0.1 -c 'select title from book')" = bookstore ]
    ask -h 127.0.0.1 -c "insert into book values ('again')"
    ;;
esac
