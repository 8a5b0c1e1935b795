from django.apps import AppConfig


class IngestConfig(AppConfig):
    name = "liuhen.stages.ingest"
    label = "ingest"

    def ready(self) -> None:
        from liuhen.base.jobs import kinds

        from . import jobs, uploads_end

        kinds.register(*jobs.KINDS)
        kinds.hourly(uploads_end.sweep)
