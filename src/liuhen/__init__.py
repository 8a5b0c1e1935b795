"""Liuhen (留痕): audio-visual records of administrative law enforcement, kept so that an outsider can check."""

__version__ = "0.1.0"
