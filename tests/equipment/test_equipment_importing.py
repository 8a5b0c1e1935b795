"""The register from a table: row by row what it would do, then done; a round trip with what hostile people write."""

import csv
import io
from datetime import date

import pytest
from equipment.equipment_office import recorder
from openpyxl import Workbook
from the_office import AT

from liuhen.base.acts import NotAllowedError
from liuhen.base.devices import importing, services
from liuhen.base.devices.models import Device
from liuhen.base.devices.norm import Norm
from liuhen.base.ledger.models import Entry
from liuhen.base.people import services as office
from liuhen.core.errors import UsageError
from liuhen.core.tables import rows_of


def told(people, *rows, heads=("序列号", "种类", "型号")):
    out = io.StringIO()
    csv.writer(out).writerows([heads, *rows])
    return importing.plan(rows_of(out.getvalue().encode()), people.custodian, AT)


def test_each_row_is_new_there_already_or_wrong(people) -> None:
    lines = told(
        people,
        ["N1", "照相机", ""],
        ["4701A01", "执法记录仪", "试验记录仪"],
        ["4701A01", "执法记录仪", "试验记录仪"],
        ["", "照相机", ""],
        ["N2", "洗衣机", ""],
    )
    assert [(one.number, one.verdict) for one in lines] == [
        (2, "new"),
        (3, "same"),
        (4, "wrong"),
        (5, "wrong"),
        (6, "wrong"),
    ]
    assert "第 3 行重复" in lines[2].sentence
    assert "洗衣机" in lines[4].sentence
    assert Device.objects.count() == 1


def test_a_row_that_differs_from_the_register_changes_nothing(people) -> None:
    (line,) = told(people, ["4701A01", "照相机", "别的"])
    assert line.verdict == "other"
    assert "种类、型号" in line.sentence
    importing.carry_out([line], by=people.custodian, at=AT)
    assert recorder().model == "试验记录仪"


def test_every_column_reaches_the_register(people) -> None:
    heads = importing.COLUMNS
    row = [
        "N1",
        "摄像机",
        "甲型",
        "综合行政执法大队",
        "林一鸣",
        "100001",
        "1920*1080",
        "8",
        "128",
        "是",
        "否",
        "2025/3/1",
    ]
    importing.carry_out(told(people, row, heads=heads), by=people.custodian, at=AT)
    made = Device.objects.get(serial="N1")
    assert (made.kind, made.model, made.keeper.staff_no) == ("camcorder", "甲型", "100001")
    assert made.norm == Norm("1920x1080", 8, 128, True, False, date(2025, 3, 1))
    assert Entry.objects.filter(kind="device.registered", subject="device:N1").count() == 1


def test_the_same_table_again_makes_nothing_twice(people) -> None:
    rows = (["N1", "照相机", ""], ["N2", "录音笔", ""])
    assert len(importing.carry_out(told(people, *rows), by=people.custodian, at=AT)) == 2
    again = told(people, *rows)
    assert {one.verdict for one in again} == {"same"}
    assert importing.carry_out(again, by=people.custodian, at=AT) == []


@pytest.mark.parametrize(
    ("heads", "cell"),
    [
        ("型号", "x" * 10_000),
        ("序列号", "x" * 10_000),
        ("保管人", "查无此人"),
        ("所属科室", "别的科"),
        ("保管人编号", "999999"),
        ("分辨率", "很清楚"),
        ("电池时长（小时）", "八"),
        ("存储容量（GB）", "1.5"),
        ("设备上不能删除", "也许"),
        ("购置日期", "去年"),
        ("购置日期", "99999999999999999999"),
    ],
)
def test_a_wrong_cell_is_told_in_a_sentence_and_makes_nothing(people, heads, cell) -> None:
    row = {"序列号": "N1", "种类": "照相机", heads: cell}
    (line,) = told(people, list(row.values()), heads=list(row))
    assert line.verdict == "wrong"
    assert len(line.sentence) < 200
    assert line.sentence.endswith("。")
    assert importing.carry_out([line], by=people.custodian, at=AT) == []


def test_a_formula_is_refused_and_what_only_looks_like_one_is_text(people) -> None:
    made = Workbook()
    made.active.append(["序列号", "种类", "型号"])
    made.active.append(["N1", "照相机", "=cmd|' /C calc'!A0"])
    made.active.append(["N2", "照相机", "text"])
    made.active["C3"].value, made.active["C3"].data_type = "=1+1", "s"
    out = io.BytesIO()
    made.save(out)
    lines = importing.plan(rows_of(out.getvalue()), people.custodian, AT)
    assert [one.verdict for one in lines] == ["wrong", "new"]
    assert "公式" in lines[0].sentence
    importing.carry_out(lines, by=people.custodian, at=AT)
    assert Device.objects.get(serial="N2").model == "=1+1"


def test_two_people_of_one_name_are_told_apart_by_their_number(people) -> None:
    unit = people.custodian.unit
    office.enter_officer(unit, "林一鸣", "35058200088", "100088", by=people.sysadmin, at=AT)
    heads = ("序列号", "种类", "保管人", "保管人编号")
    lines = told(people, ["N1", "照相机", "林一鸣", ""], ["N2", "照相机", "林一鸣", "100088"], heads=heads)
    assert [one.verdict for one in lines] == ["wrong", "new"]
    assert lines[1].told["keeper"].staff_no == "100088"


def test_heads_may_stand_below_a_title_and_must_stand_somewhere(people) -> None:
    rows = [["设备登记簿"], ["导出时间"], ["种类", "序列号"], ["照相机", "N1"]]
    (line,) = importing.plan(rows, people.custodian, AT)
    assert (line.number, line.verdict) == (4, "new")
    with pytest.raises(UsageError) as refused:
        importing.plan([["a", "b"], ["c", "d"]], people.custodian, AT)
    assert "模板" in refused.value.remedy


def test_who_may_not_register_one_may_not_register_a_hundred(people) -> None:
    lines = told(people, ["N1", "照相机", ""])
    for name in ("officer", "head", "stranger", "auditor"):
        with pytest.raises(NotAllowedError):
            importing.carry_out(lines, by=getattr(people, name), at=AT)
    assert Device.objects.count() == 1


def test_when_one_row_fails_at_the_end_nothing_of_the_table_stays(people) -> None:
    lines = told(people, ["N1", "照相机", ""], ["N2", "照相机", ""])
    services.register_device(people.custodian.unit, "N2", Device.Kind.CAMERA, by=people.custodian, at=AT)
    with pytest.raises(UsageError):
        importing.carry_out(lines, by=people.custodian, at=AT)
    assert not Device.objects.filter(serial="N1").exists()


def test_another_offices_units_officers_and_devices_are_not_known(people) -> None:
    heads = ("序列号", "种类", "所属科室")
    (line,) = told(people, ["N1", "照相机", "林政股"], heads=heads)
    assert line.verdict == "wrong"


def test_everything_wrong_with_a_row_is_told_at_once_and_every_wrong_row(people) -> None:
    head = ["序列号", "种类", "所属科室", "电池时长（小时）", "购置日期"]
    rows = [
        head,
        ["X1", "飞机", "没有的科", "八", "昨天"],
        ["4701a01", "照相机", "", "", ""],
        ["", "飞机", "", "", ""],
    ]
    first, second, third = importing.plan(rows, people.custodian, AT)
    for told in ("飞机", "没有的科", "电池时长", "购置日期"):
        assert told in first.sentence, told
    assert "只是大小写" in second.sentence
    assert "序列号不能为空" in third.sentence and "飞机" in third.sentence
    assert {one.verdict for one in (first, second, third)} == {importing.WRONG}


def test_a_text_that_calls_itself_a_workbook_is_told_as_that() -> None:
    with pytest.raises(UsageError, match="不是 Excel 工作簿"):
        rows_of("随便写的文字".encode(), "设备.xlsx")
