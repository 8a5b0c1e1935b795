from django.apps import AppConfig


class FieldworkConfig(AppConfig):
    name = "liuhen.stages.fieldwork"
    label = "fieldwork"

    def ready(self) -> None:
        from liuhen.base.jobs import kinds
        from liuhen.base.storage.custody import name_acts

        from . import acts, folds, pairing, placing

        name_acts(acts.ALL)
        folds.register()
        kinds.hourly(placing.place_all)
        kinds.hourly(pairing.confirm_all_sure)
