#!/bin/sh
# As upstream's: a configuration file is served, other words are the registry's own or a command.
set -e
case "$1" in
  *.yaml | *.yml) set -- registry serve "$@" ;;
  serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
