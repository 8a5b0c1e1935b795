from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "liuhen.api"
    label = "liuhen_api"
