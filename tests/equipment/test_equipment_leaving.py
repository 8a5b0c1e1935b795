"""A device that somebody has signed out is not put away behind their back; what is lost is lost in their hand."""

import pytest
from equipment.equipment_office import HOUR, handed_out, recorder, taken_back
from the_office import AT

from liuhen.base.devices.services import report_loss
from liuhen.stages.equipment import leaving
from liuhen.stages.equipment.models import Issue
from liuhen.stages.equipment.services import AlreadyOutError


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
