from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "liuhen.base.people"
    label = "people"
