#!/bin/bash
# As upstream's: an empty data folder gets root's password from MYSQL_ROOT_PASSWORD, or from the file that
# MYSQL_ROOT_PASSWORD_FILE names; then the server is PID 1.
set -euo pipefail
data=/var/lib/mysql
if [ "$1" = mysqld ] && [ ! -e "$data/initialized" ]; then
  if [ -n "$(ls -A "$data")" ] && [ ! -e "$data/initializing" ]; then
    echo "$data holds a database that another server has made, such as MySQL: use that, or another volume." >&2
    exit 1
  fi
  password=${MYSQL_ROOT_PASSWORD:-$(cat "${MYSQL_ROOT_PASSWORD_FILE:?or MYSQL_ROOT_PASSWORD is needed for a new database}")}
  password=${password//\\/\\\\}
  password=${password//\'/\'\'}
  # What a start that was killed has left is not a database yet.
  touch "$data/initializing"
  find "$data" -mindepth 1 ! -name initializing -delete
  chown mysql:mysql "$data"
  mariadb-install-db --user=mysql --datadir="$data" --skip-test-db --auth-root-authentication-method=normal > /dev/null
  mariadbd --user=mysql --bootstrap << SQL
DELETE FROM mysql.global_priv WHERE User <> 'mariadb.sys' AND Host <> 'localhost';
FLUSH PRIVILEGES;
ALTER USER root@localhost IDENTIFIED BY '$password';
CREATE USER root@'%' IDENTIFIED BY '$password';
GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
SQL
  mv "$data/initializing" "$data/initialized"
fi
[ "$1" != mysqld ] || set -- mariadbd "${@:2}"
exec "$@"
