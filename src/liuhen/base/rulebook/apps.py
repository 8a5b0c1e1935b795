from django.apps import AppConfig


class RulebookConfig(AppConfig):
    name = "liuhen.base.rulebook"
    label = "rulebook"
