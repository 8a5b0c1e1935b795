from django.apps import AppConfig


class DevicesConfig(AppConfig):
    name = "liuhen.base.devices"
    label = "devices"
