from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "liuhen.web"
    label = "web"

    def ready(self) -> None:
        from . import sessions  # noqa: F401  connects its receivers
