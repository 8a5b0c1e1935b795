from django.apps import AppConfig


class RecordingsConfig(AppConfig):
    name = "liuhen.base.recordings"
    label = "recordings"
