#!/bin/sh
# Make .venv ready: `setup.sh base` for the running program, `setup.sh dev` for checks and tests as well.
# - Every package comes from a lock file with hashes. No Python is downloaded.
# - A stamp of the lock files, pyproject.toml, this folder and the Python makes the second run quick.
# - An environment that once had the tests' packages keeps them.
# - A machine that cannot fetch the print font or the pages' files is told so in Chinese; the terminal works.
set -eu
unset CDPATH
cd "$(dirname "$0")/.."
here=$(pwd -P)
venv=$here/.venv
kind=${1:-base}
export UV_PYTHON_DOWNLOADS=never

say() { printf '%s\n' "$*" >&2; }

find_python() {
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    say "没有找到 Python 3.11 或更新的版本。怎么办：Debian 12 上以管理员身份运行 apt-get install python3 python3-venv，再重试。"
    say "No Python 3.11 or newer was found. On Debian 12, as root: apt-get install python3 python3-venv; then try again."
    exit 1
}

make_venv() {
    if ! "$1" -m venv --clear "$venv"; then
        rm -rf "$venv"
        say "不能创建 Python 虚拟环境。怎么办：以管理员身份运行 apt-get install python3-venv，再重试。"
        say "The virtual environment could not be made. As root: apt-get install python3-venv; then try again."
        exit 1
    fi
}

# The digest of all that decides what is installed.
stamp_of() {
    list="requirements/uv.txt requirements/base.txt pyproject.toml scripts/setup.sh"
    [ "$1" = base ] || list="$list requirements/$1.txt"
    # shellcheck disable=SC2086
    { printf '%s\n' "$here"; "$venv/bin/python" -VV; cat $list; } | sha256sum | cut -d' ' -f1
}

ready() { [ "$(cat "$venv/.liuhen-$1" 2>/dev/null)" = "$(stamp_of "$1")" ]; }

install() {
    rm -f "$venv/.liuhen-base" "$venv/.liuhen-dev"
    say "安装依赖（$kind）… installing what the program needs ($kind)…"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
        -r requirements/uv.txt
    VIRTUAL_ENV=$venv "$venv/bin/uv" pip sync --quiet --require-hashes "requirements/$kind.txt"
    VIRTUAL_ENV=$venv "$venv/bin/uv" pip install --quiet --no-deps --no-build-isolation --editable .
    stamp_of "$kind" >"$venv/.liuhen-$kind"
}

case $kind in base | dev) ;; *) say "usage: setup.sh base|dev"; exit 2 ;; esac

# A checkout that was moved or copied has scripts that point to the old place: begin again.
if ! "$venv/bin/python" -c '' 2>/dev/null || ! grep -qsF "$venv/bin/python" "$venv/bin/pip"; then
    python=$(find_python)
    make_venv "$python"
fi
if [ -e "$venv/.liuhen-dev" ] || [ -x "$venv/bin/pytest" ]; then kind=dev; fi
ready "$kind" || install
"$venv/bin/python" -m liuhen.core.sm3.kernel
"$venv/bin/python" scripts/print_font.py
"$venv/bin/python" scripts/front_end.py "$kind"
