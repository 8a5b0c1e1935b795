"""Whatever is written validates clean; whatever single byte changes is found and named."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ocfl_objects import AT, add_version, two_versions

from liuhen.core.blobs import MemoryBlobs
from liuhen.core.blobs.base import BadPathError
from liuhen.core.blobs.paths import check_path
from liuhen.core.ocfl import memory_store, read_inventory, validate_object
from liuhen.core.ocfl.inventory_checks import clashes


def _is_name(text: str) -> bool:
    try:
        check_path(text)
    except BadPathError:
        return False
    return "/" not in text


names = st.one_of(
    st.sampled_from(
        ["record.json", "说明.html", "original", "inventory.json", "v1", "content", "0=ocfl_object_1.1"]
    ),
    st.text(min_size=1, max_size=12).filter(_is_name),
)
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
trees = st.dictionaries(paths, st.binary(max_size=40), min_size=1, max_size=5).filter(
    lambda files: not clashes(files)
)

fast = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@fast
@given(st.lists(trees, min_size=1, max_size=4))
def test_any_sequence_of_versions_validates_clean_and_reads_back(history: list[dict[str, bytes]]) -> None:
    blobs = memory_store()
    inventory = None
    for files in history:
        inventory = add_version(blobs, files, inventory)
    assert inventory is not None
    report = validate_object(blobs, AT)
    assert [finding.code for finding in report.findings] == ["W004"]
    inventory = read_inventory(blobs, AT)
    for version, files in zip(inventory.versions, history, strict=True):
        kept = {name: blobs.read_bytes(f"{AT}/{inventory.content_path(name, version)}") for name in files}
        assert kept == files
        assert set(inventory.versions[version].state) == set(files)


@fast
@given(st.lists(trees, min_size=1, max_size=4))
def test_content_an_earlier_version_has_is_neither_stored_again_nor_rewritten(
    history: list[dict[str, bytes]],
) -> None:
    blobs = memory_store()
    inventory, before = None, {}
    known: set[bytes] = set()
    for files in history:
        inventory = add_version(blobs, files, inventory)
        after = {
            path: data for path, data in blobs.files.items() if "/content/" in path and path.startswith(AT)
        }
        assert before.items() <= after.items()
        assert not known.intersection(after[path] for path in after.keys() - before.keys())
        known.update(files.values())
        before = after


def _good() -> MemoryBlobs:
    blobs = memory_store()
    two_versions(blobs)
    return blobs


GOOD = {path: data for path, data in _good().files.items() if path.startswith(AT)}


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_single_changed_byte_is_found_and_its_file_named(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(GOOD)))
    at = data.draw(st.integers(0, len(GOOD[path]) - 1))
    change = data.draw(st.integers(1, 255))
    blobs = memory_store()
    blobs.files.update(GOOD)
    blobs.damage(path, GOOD[path][:at] + bytes([GOOD[path][at] ^ change]) + GOOD[path][at + 1 :])
    report = validate_object(blobs, AT)
    assert not report.ok
    assert path in {finding.path for finding in report.findings if finding.is_error}
