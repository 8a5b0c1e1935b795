#!/bin/sh
# Compile requirements/*.in. The lock files name versions and hashes, never an address.
set -eu
unset CDPATH
cd "$(dirname "$0")/.."

compile() {
    name=$1
    shift
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
        "$@" "requirements/$name.in" -o "requirements/$name.txt" >/dev/null
}

compile uv
compile base
compile dev # constrained by base.txt, so after it
compile font --no-deps # carries a font; what it would import is not wanted
compile node
