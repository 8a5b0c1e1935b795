from django.apps import AppConfig


class FieldworkConfig(AppConfig):
    name = "liuhen.stages.fieldwork"
    label = "fieldwork"

    def ready(self) -> None:
        from liuhen.base.jobs import kinds

        from . import folds, pairing, placing

        folds.register()
        kinds.hourly(placing.place_all)
        kinds.hourly(pairing.confirm_all_sure)
