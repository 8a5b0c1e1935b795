"""A device that somebody has signed out is not put away behind their back; what is lost is lost in their hand."""

import pytest
from equipment.equipment_office import HOUR, checked, drawn, handed_out, officer, recorder, taken_back
from the_office import AT

from liuhen.base.devices.services import report_loss
from liuhen.base.people.models import Paper
from liuhen.stages.equipment import leaving
from liuhen.stages.equipment.models import Issue
from liuhen.stages.equipment.services import AlreadyOutError, NotHandedOutError, issue_device


@pytest.mark.parametrize("act", [leaving.retire_device, leaving.send_to_repair])
def test_what_is_out_comes_back_before_it_is_put_away(people, act) -> None:
    issue = handed_out(people)
    with pytest.raises(AlreadyOutError) as refused:
        act(recorder(), reason="坏了", by=people.custodian, at=AT)
    assert "由林一鸣领走" in refused.value.message
    assert "归还" in refused.value.remedy and refused.value.basis
    assert recorder().state == "in_use"
    taken_back(issue, people, AT + HOUR)
    act(recorder(), reason="坏了", by=people.custodian, at=AT + HOUR)
    assert recorder().state in ("retired", "repair")


def test_what_is_lost_in_somebodys_hand_shows_it_until_that_is_settled(people, client_of) -> None:
    issue = handed_out(people)
    report_loss(recorder(), reason="掉入河中", by=people.custodian, at=AT)
    page = client_of("custodian").get(f"/devices/{recorder().pk}/").content.decode()
    assert "遗失时由林一鸣领用，这次领用还没有了结" in page
    taken_back(issue, people, AT + HOUR, signature=None, reason="遗失，未能交回")
    assert Issue.objects.get().state == "back"
    page = client_of("custodian").get(f"/devices/{recorder().pk}/").content.decode()
    assert "还没有了结" not in page and "在保管人处" not in page


@pytest.mark.parametrize("act", ["retire", "repair"])
def test_the_page_refuses_it_in_words(people, client_of, act) -> None:
    handed_out(people)
    client = client_of("custodian")
    page = client.post(
        f"/devices/{recorder().pk}/care/{act}/", {"reason": "旧了"}, follow=True
    ).content.decode()
    assert "在领用中" in page and "怎么办" in page
    assert recorder().state == "in_use"


def test_a_device_that_was_put_away_while_the_form_stood_open_is_not_handed_out(people) -> None:
    """Two at the counter: the one has the device on the screen as it was, the other has just retired it."""
    checked(people)
    as_it_was = recorder()
    leaving.retire_device(recorder(), reason="旧了", by=people.custodian, at=AT)
    with pytest.raises(NotHandedOutError) as refused:
        issue_device(as_it_was, officer(), signature=drawn(), by=people.custodian, at=AT)
    assert "停用" in refused.value.message
    assert not Issue.objects.exists() and not Paper.objects.exists()


def test_what_was_lost_in_somebodys_hand_is_not_told_to_be_reported_lost_again(people) -> None:
    issue = handed_out(people)
    report_loss(recorder(), reason="掉入河中", by=people.custodian, at=AT)
    with pytest.raises(AlreadyOutError) as refused:
        leaving.retire_device(recorder(), reason="遗失", by=people.custodian, at=AT + HOUR)
    assert "登记遗失" not in refused.value.remedy and "遗失，未能交回" in refused.value.remedy
    taken_back(issue, people, AT + HOUR, signature=None, reason="遗失，未能交回")
    leaving.retire_device(recorder(), reason="遗失", by=people.custodian, at=AT + HOUR)
    assert recorder().state == "retired"
