"""Adding a store, and making one again after its disk was replaced."""

from __future__ import annotations

import shutil

import pytest
from the_office import AT

from liuhen.base.ledger import publish
from liuhen.base.recordings.models import Recording
from liuhen.base.storage.fixity import verify_stores
from liuhen.base.storage.repair import repair_stores
from liuhen.base.storage.stores import add_store, make_again, open_stores
from liuhen.core.errors import RefusedError
from liuhen.stages.ingest.services import Request, ingest_card


@pytest.fixture
def second(people, tmp_path):
    """A home with two stores and one recording in both."""
    add_store("第二存储", str(tmp_path / "disk"))
    card = tmp_path / "card"
    card.mkdir()
    (card / "a.txt").write_bytes(b"words")
    assert ingest_card(Request(card, people.custodian), at=AT).released
    return tmp_path / "disk"


def test_a_folder_on_a_disk_that_is_not_there_is_no_second_store(home, tmp_path):
    with pytest.raises(RefusedError, match="不是现有的文件夹"):
        add_store("备份盘", str(tmp_path / "unplugged" / "liuhen"))
    assert len(open_stores().there) == 1


def test_a_file_is_no_second_store(home, tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(RefusedError):
        add_store("备份盘", str(tmp_path / "file"))


def test_an_empty_mount_point_gets_no_mirror_of_the_ledger(people, second):
    shutil.rmtree(second)
    second.mkdir()
    publish.publish(people.custodian.agency)
    card = second.parent / "card"
    (card / "b.txt").write_bytes(b"more words")
    assert not ingest_card(Request(card, people.custodian), at=AT).released
    assert list(second.iterdir()) == []


@pytest.mark.parametrize("lost", ["主存储", "第二存储"])
def test_a_replaced_disk_is_made_a_store_again_and_refilled(home, people, second, lost):
    root = home / "store" if lost == "主存储" else second / "store"
    shutil.rmtree(root)
    root.mkdir()
    make_again(lost)
    report = repair_stores(open_stores(), by=people.custodian, at=AT)
    assert report.ok
    assert verify_stores(open_stores()).ok
    assert Recording.objects.get().copies.count() == 2


def test_a_store_that_is_there_is_not_made_again(second):
    with pytest.raises(RefusedError, match="好好的"):
        make_again("第二存储")


def test_a_folder_with_something_else_in_it_is_not_made_a_store(second):
    root = second / "store"
    shutil.rmtree(root)
    root.mkdir()
    (root / "other.txt").write_bytes(b"x")
    with pytest.raises(RefusedError):
        make_again("第二存储")
    assert (root / "other.txt").exists()
