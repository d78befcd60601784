#!/bin/sh
# Starts sluice from the folder that this file was unpacked in. It needs Node 20 or later: `node` of the PATH, or the program that NODE names.
set -eu
self="$0"
while [ -L "$self" ]; do
  target="$(readlink "$self")"
  case "$target" in
    /*) self="$target" ;;
    *) self="$(dirname "$self")/$target" ;;
  esac
done
node="${NODE:-node}"
if ! command -v "$node" >/dev/null 2>&1; then
  printf 'sluice: there is no program %s; Node 20 or later was expected\n  what to do: install Node, or set NODE to the path of its program\n' "$node" >&2
  exit 1
fi
exec "$node" "$(dirname "$self")/../dist/src/cli.js" "$@"
