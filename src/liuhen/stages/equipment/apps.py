from django.apps import AppConfig


class EquipmentConfig(AppConfig):
    name = "liuhen.stages.equipment"
    label = "equipment"
