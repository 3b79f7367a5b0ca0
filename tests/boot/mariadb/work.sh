ask() { mariadb --no-defaults --user=root --socket=/run/mysqld/mysqld.sock --skip-column-names --batch -e "$1"; }
case "$1" in
ready) ask 'select 1' ;;
write) ask "create database shop; create table shop.book (title text); insert into shop.book values ('bookstore')" ;;
read) [ "$(ask 'select title from shop.book')" = bookstore ] ;;
again)
    [ "$(ask 'select title from shop.book')" = bookstore ]
    ask "insert into shop.book values ('again')"
    ;;
esac
