#!/bin/sh
# As upstream's: "agent" means consul's agent with its folders, not as root.
set -e
if [ "$1" = agent ]; then
  shift
  chown -R consul:consul /consul/data
  exec setpriv --reuid=consul --regid=consul --clear-groups consul agent -data-dir=/consul/data -config-dir=/consul/config "$@"
fi
exec "$@"
