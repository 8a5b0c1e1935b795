from django.apps import AppConfig


class TokensConfig(AppConfig):
    name = "liuhen.base.tokens"
    label = "tokens"
