"""liuhen serve: the pages and the background work in one process tree; one Ctrl-C ends both."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path

from liuhen.base import home, secret, tls
from liuhen.base.assets import collect
from liuhen.base.office import make_ready
from liuhen.base.people.models import Agency
from liuhen.core.errors import UsageError

from .children import Child, Children
from .demo_people import demo_sign_ins
from .office import Commands
from .out import say, show

_WORKERS = min(2, os.cpu_count() or 1)  # films to many viewers, and pages beside them
THREADS = 16  # requests at once in one web process; a recording that is being played holds one
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104


def add(commands: Commands) -> None:
    """Add this file's command."""
    serve = commands.add_parser("serve", help="启动网页和后台任务")
    serve.add_argument("--host", default="127.0.0.1", help="监听地址；0.0.0.0 表示供其他电脑访问")
    serve.add_argument("--port", type=int, default=8000, help="端口")
    serve.add_argument("--tls", action="store_true", help="用本机自建的证书提供 HTTPS")
    serve.add_argument("--workers", metavar="N", type=int, default=_WORKERS, help="网页进程数")
    serve.add_argument("--demo", action="store_true", help="显示演示人员的登录密码（仅用于演示单位）")
    serve.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    make_ready()
    _refuse_bad(args)
    secret.secret_key()
    collect()
    web = _web_command(args)
    if args.tls:
        web += _tls_options(args.host)
    _refuse_taken_port(args.host, args.port)
    worker = [sys.executable, "-m", "liuhen.cli.main", "worker"]
    children = Children([Child("网页服务", web), Child("后台任务", worker)], say=say, env=_environment(args))
    sign_ins = demo_sign_ins() if args.demo else ""
    status = children.run(ready=lambda: _tell(args, sign_ins))
    say("已停止。" if status == 0 else "已停止。怎么办：查看数据目录下的 logs/liuhen.log，排除原因后再启动。")
    return status


def _refuse_bad(args: argparse.Namespace) -> None:
    if not 1 <= args.port <= 65535 or args.workers < 1:
        raise UsageError("端口或进程数不正确。", remedy="端口为 1 至 65535，进程数至少为 1。")
    if not Agency.objects.exists():
        raise UsageError(
            "还没有设立单位，启动后无人能登录。",
            remedy="请先运行 liuhen init 设立单位，再用 liuhen people password 为各账号设置密码；只想看看的，运行 make run。",
        )


def _web_command(args: argparse.Namespace) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "liuhen.config.wsgi:application", "--interface", "wsgi"),
        *("--host", args.host, "--port", str(args.port), "--workers", str(args.workers)),
        *("--blocking-threads", str(THREADS), "--no-ws", "--log-level", "error"),
        *("--respawn-failed-workers", "--workers-kill-timeout", "10"),
    ]


def _environment(args: argparse.Namespace) -> dict[str, str]:
    env = {**os.environ, "LIUHEN_HOME": str(home.home()), "DJANGO_SETTINGS_MODULE": "liuhen.config.settings"}
    return {**env, "LIUHEN_TLS": "1"} if args.tls else env


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(
                f"不能在 {host}:{port} 上提供服务（{error.strerror}）。",
                remedy="可能已有一个在运行，或地址不是本机的；请换一个端口，如 --port 8001。",
                code="port_taken",
            ) from error


def _tls_options(host: str) -> list[str]:
    made = tls.certificates(host)
    _tell_trust(made.authority, made.fingerprint)
    return [
        "--ssl-certificate",
        str(made.server),
        "--ssl-keyfile",
        str(made.key),
        "--ssl-protocol-min",
        "tls1.2",
    ]


def _tell_trust(authority: Path, fingerprint: str) -> None:
    show(
        f"""HTTPS 使用本机自建的证书。各电脑第一次访问前，请导入一次：
  文件　{authority}
  指纹　SHA-256 {fingerprint}
  用 U 盘拷到该电脑，核对指纹后：
  · Windows：双击文件 → 安装证书 → 本地计算机 → 受信任的根证书颁发机构。
  · 统信 UOS、麒麟等：浏览器的 设置 → 隐私与安全 → 证书管理 → 授权中心 → 导入，勾选“信任用于标识网站”。
同一文件夹里的 ca.key 不得拷出本机。"""
    )


def _tell(args: argparse.Namespace, sign_ins: str) -> None:
    scheme = "https" if args.tls else "http"
    names = tls.own_names()[:1] if args.host in _EVERYWHERE else [args.host]
    for name in dict.fromkeys([*names, *(["127.0.0.1"] if args.host in _EVERYWHERE else [])]):
        shown = f"[{name}]" if ":" in name else name
        show(f"网页地址：{scheme}://{shown}:{args.port}/")
    if args.host in _EVERYWHERE and not args.tls:
        say("注意：没有加密，密码和画面在网络上可被截取。怎么办：改用 --tls，或只在本机使用。")
    if sign_ins:
        show(sign_ins)
    say("按 Ctrl-C 停止。")
