"""Liuhen (留痕): audio-visual records of law enforcement, kept so that an outsider can check them."""

__version__ = "0.1.0"
