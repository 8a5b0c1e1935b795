from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "liuhen.base.ledger"
    label = "ledger"
