#!/bin/bash
# As upstream's: variables with a dot in their name are settings, and the server listens on every address.
set -euo pipefail
settings=(-Enetwork.host=0.0.0.0)
while IFS= read -r -d '' variable; do
  name=${variable%%=*}
  [[ $name =~ ^[a-z]+(\.[a-z_]+)+$ ]] && settings+=("-E$variable")
done < /proc/self/environ
[ "$1" = opensearch ] || exec "$@"
exec bin/opensearch "${settings[@]}" "${@:2}"
