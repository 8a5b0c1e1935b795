"""One recording's durable home: an OCFL 1.1 object that any OCFL tool can read without us."""

from .codes import TEXT, Finding
from .inventory import Inventory, InventoryError, Version, next_version, next_version_name, parse
from .layout import create_store, init_root, memory_store, object_path
from .read import finish_version, read_inventory
from .root import RootItem, object_paths, validate_root
from .validate import ObjectReport, validate_object
from .write import staged_path, write_version

__all__ = [
    "TEXT",
    "Finding",
    "Inventory",
    "InventoryError",
    "ObjectReport",
    "RootItem",
    "Version",
    "create_store",
    "finish_version",
    "init_root",
    "memory_store",
    "next_version",
    "next_version_name",
    "object_path",
    "object_paths",
    "parse",
    "read_inventory",
    "staged_path",
    "validate_object",
    "validate_root",
    "write_version",
]
