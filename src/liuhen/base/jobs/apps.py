from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "liuhen.base.jobs"
    label = "jobs"

    def ready(self) -> None:
        from . import assigning, chores, kinds

        kinds.register(*chores.KINDS, *assigning.KINDS)
