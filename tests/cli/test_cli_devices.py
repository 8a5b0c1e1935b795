# ruff: noqa: F811 (fixtures are imported by name)
"""liuhen device: check, issue, return, import, labels; the same rules as on the pages."""

import getpass
from pathlib import Path

import pytest
from cli_terminal import Terminal, liuhen  # noqa: F401
from equipment.equipment_office import png

from liuhen.base import clock
from liuhen.base.devices.models import Device
from liuhen.base.site import SiteSettings, save
from liuhen.stages.equipment.models import Issue

BY = ("--by", "custodian")


def shown() -> str:
    return clock.now().isoformat()


def test_checked_issued_and_returned(home: Path, liuhen: Terminal, tmp_path: Path) -> None:
    done = liuhen(
        "device", "check", "4701A01", "--battery", 90, "--minutes", 300, "--shown", shown(), *BY, "--json"
    )
    assert (done.status, done.document["passed"]) == (0, True)
    for number in (1, 2):
        (tmp_path / f"{number}.png").write_bytes(png())
    issued = liuhen("device", "issue", "4701A01", "100001", "--signature", tmp_path / "1.png", *BY, "--json")
    assert (issued.status, issued.document["state"]) == (0, "out")
    (row,) = liuhen("device", "list", *BY, "--json").document
    assert row["holder"] == "林一鸣"
    back = liuhen("device", "return", "4701A01", "--signature", tmp_path / "2.png", *BY, "--json")
    assert (back.status, back.document["state"]) == (0, "back")


def test_a_failed_check_has_status_one_and_says_why(home: Path, liuhen: Terminal) -> None:
    done = liuhen("device", "check", "4701A01", "--battery", 3, *BY, "--json")
    assert (done.status, done.document["failed"]) == (1, ["battery", "space_not_told", "clock_not_read"])
    assert "怎么办" in done.err


def test_an_unchecked_device_stays_here_until_a_reason_is_given(
    home: Path, liuhen: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from liuhen.base.people.models import Account

    account = Account.objects.get(username="officer")
    account.set_password("石榴-Tractor-77-lamp")
    account.save()
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: "石榴-Tractor-77-lamp")
    refused = liuhen("device", "issue", "4701A01", "100001", *BY, "--json")
    assert (refused.status, refused.document["error"]["code"]) == (1, "unchecked")
    assert liuhen("device", "issue", "4701A01", "100001", "--override", "急", *BY).status == 0
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: "别人的")
    assert liuhen("device", "return", "4701A01", *BY).status == 2
    assert Issue.objects.get().state == "out"
    assert liuhen("device", "return", "4701A01", "--absent", "在外地", *BY).status == 0


@pytest.mark.parametrize(
    "words",
    [
        ("check", "4701A01", "--shown", "half past nine"),
        ("check", "4701A01", "--free-gb", "nan"),
        ("check", "0000000"),
        ("issue", "4701A01", "999999"),
        ("return", "4701A01"),
        ("import", "/nowhere.xlsx"),
        ("labels", "out.pdf"),
    ],
)
def test_wrong_words_are_told(home: Path, liuhen: Terminal, words: tuple[str, ...]) -> None:
    done = liuhen("device", *words, *BY)
    assert done.status == 2
    assert "怎么办" in done.err


def test_a_table_is_told_row_by_row_and_registered_only_when_meant(
    home: Path, liuhen: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("序列号,种类\nN1,照相机\nN2,飞机\n4701A01,执法记录仪\n", encoding="utf-8")
    dry = liuhen("device", "import", file, "--dry-run", *BY, "--json")
    assert [row["verdict"] for row in dry.document["rows"]] == ["new", "wrong", "same"]
    assert (dry.status, Device.objects.count()) == (1, 1)
    assert liuhen("device", "import", file, *BY, "--json").document["registered"] == ["N1"]
    assert liuhen("device", "import", file, *BY, "--json").document["registered"] == []


def test_labels_are_made_once_the_office_has_an_address(home: Path, liuhen: Terminal, tmp_path: Path) -> None:
    save(SiteSettings(address="http://192.168.1.5:8000"))
    done = liuhen("device", "labels", tmp_path / "l.pdf", *BY, "--json")
    assert (done.status, done.document["labels"]) == (0, 1)
    assert (tmp_path / "l.pdf").read_bytes().startswith(b"%PDF-")
    assert liuhen("device", "labels", tmp_path / "no" / "l.pdf", *BY).status == 1
