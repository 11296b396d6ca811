#!/bin/sh
# As upstream's: "agent" means consul's agent with its folders, not as root.
set -e
if [ "$1" = agent ]; then
  shift
  set -- consul agent -data-dir=/consul/data -config-dir=/consul/config "$@"
  [ -z "${CONSUL_DISABLE_PERM_MGMT+x}" ] || exec "$@"
  chown -R consul:consul /consul/data
  exec setpriv --reuid=consul --regid=consul --clear-groups "$@"
fi
exec "$@"
