#!/bin/sh
# The browser that the browser stories need: Debian's Chromium and a Chinese font, installed where that can be done.
# - Root on a system with apt-get: installed. Anyone else is told what to install; the stories then say they were skipped.
set -eu
[ -x /usr/bin/chromium ] && exit 0
say() { printf '%s\n' "$*" >&2; }
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "安装浏览器测试所需的 Chromium 和中文字体… installing Chromium and a Chinese font for the browser stories…"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -o DPkg::Lock::Timeout=500 -qq update || true
    apt-get -o DPkg::Lock::Timeout=500 -qq install -y --no-install-recommends chromium fonts-noto-cjk >/dev/null && exit 0
fi
say "没有 /usr/bin/chromium，浏览器测试将被跳过。怎么办：Debian、Ubuntu、统信、麒麟以管理员身份运行 apt-get install chromium fonts-noto-cjk，其他系统请安装 Chromium 并链接到 /usr/bin/chromium。"
say "No /usr/bin/chromium: the browser stories will be skipped. On Debian, as root: apt-get install chromium fonts-noto-cjk; elsewhere install Chromium and link it there."
