from django.apps import AppConfig


class IngestConfig(AppConfig):
    name = "liuhen.stages.ingest"
    label = "ingest"
