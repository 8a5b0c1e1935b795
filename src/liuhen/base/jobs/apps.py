from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "liuhen.base.jobs"
    label = "jobs"

    def ready(self) -> None:
        from liuhen.base.deadlines.chores import follow_all
        from liuhen.base.rulebook.services import turn_over

        from . import assigning, chores, kinds

        kinds.register(*chores.KINDS, *assigning.KINDS)
        kinds.hourly(turn_over)
        kinds.hourly(follow_all)
