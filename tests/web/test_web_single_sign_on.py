"""Single sign-on against a small identity provider of our own on this computer."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from liuhen.base import home as homes
from liuhen.base import site

ClientOf = Callable[..., Client]


class Provider:
    """Answers discovery, token and userinfo; `name` is whom it vouches for."""

    def __init__(self) -> None:
        self.name = "officer"
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                """Quiet."""

            def do_GET(self) -> None:
                here = provider.url
                self._answer(
                    {"sub": "42", "preferred_username": provider.name}
                    if self.path.startswith("/userinfo")
                    else {
                        "issuer": here,
                        "authorization_endpoint": f"{here}/authorize",
                        "token_endpoint": f"{here}/token",
                        "userinfo_endpoint": f"{here}/userinfo",
                        "jwks_uri": f"{here}/keys",
                        "token_endpoint_auth_methods_supported": ["client_secret_post"],
                    }
                )

            def do_POST(self) -> None:
                sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                good = sent["client_secret"] == ["a-secret-of-the-client"] and sent["code"] == ["good"]
                self._answer(
                    {"access_token": "t", "token_type": "Bearer"} if good else {"error": "invalid_grant"}
                )

            def _answer(self, document: dict[str, Any]) -> None:
                body = json.dumps(document).encode()
                self.send_response(400 if "error" in document else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def provider(home: Path) -> Iterator[Provider]:
    made = Provider()
    told = site.SingleSignOn(name="市统一认证", issuer=made.url, client_id="liuhen")
    site.save(site.SiteSettings(single_sign_on=told))
    secret = homes.keys_folder() / "oidc.secret"
    secret.write_text("a-secret-of-the-client")
    secret.chmod(0o600)
    yield made
    made.server.shutdown()
    made.server.server_close()


def come_back(client: Client, code: str = "good", state: str = "") -> Any:
    away = client.get("/oidc/office/login/?process=login&next=/devices/")
    assert away.status_code == 302
    asked = parse_qs(urlsplit(away["Location"]).query)
    return client.get("/oidc/office/login/callback/", {"code": code, "state": state or asked["state"][0]})


def test_whom_the_provider_names_comes_in_and_goes_where_they_wanted(
    client_of: ClientOf, provider: Provider
) -> None:
    client = client_of()
    assert come_back(client)["Location"] == "/devices/"
    assert "林一鸣" in client.get("/devices/").content.decode()


def test_somebody_without_an_account_is_told_so_and_stays_outside(
    client_of: ClientOf, provider: Provider
) -> None:
    provider.name = "a-stranger-to-us"
    client = client_of()
    refused = come_back(client)
    assert refused.status_code == 403
    assert "怎么办" in refused.content.decode()
    assert client.get("/devices/").status_code in (302, 401)


@pytest.mark.parametrize(("code", "state"), [("stolen", ""), ("good", "forged")])
def test_a_forged_way_back_does_not_come_in(
    client_of: ClientOf, provider: Provider, code: str, state: str
) -> None:
    client = client_of()
    answer = come_back(client, code, state)
    assert "_auth_user_id" not in client.session
    if answer.status_code == 200:
        assert "单点登录没有完成" in answer.content.decode()


def test_a_secret_that_others_may_read_is_refused(client_of: ClientOf, provider: Provider) -> None:
    (homes.keys_folder() / "oidc.secret").chmod(0o644)
    answer = client_of().get("/sign-in/")
    assert answer.status_code == 500
    assert "chmod 600" in answer.content.decode()
