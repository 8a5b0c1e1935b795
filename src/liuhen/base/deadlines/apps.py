from django.apps import AppConfig


class DeadlinesConfig(AppConfig):
    name = "liuhen.base.deadlines"
    label = "deadlines"
