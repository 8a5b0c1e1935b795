"""The form of an activity: what is told of it, in the regulation's own list of matters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django import forms
from django.db.models import Q

from liuhen.base import clock
from liuhen.base.devices.models import Device
from liuhen.base.devices.selectors import visible_to as devices_seen
from liuhen.base.people.models import Account, Officer, Unit
from liuhen.base.people.selectors import officers_of, units_of
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.terms import NAMES
from liuhen.stages.fieldwork.facts import CIRCUMSTANCES, EVENTS
from liuhen.stages.fieldwork.models import MOMENTS, Activity
from liuhen.stages.fieldwork.telling import TWO, Told
from liuhen.stages.fieldwork.words import OBLIGATIONS, mark_in_words

from .forms import moment_field

CARRIED = 4  # devices that a form has room for
_BESIDE = (Device.Kind.DOCK, Device.Kind.STORE)
LABELS = {
    "arrived_at": "到达现场",
    "ended_at": "执法结束",
    "left_at": "离开现场",
    "returned_at": "返回单位",
}


class Group(NamedTuple):
    """Fields that stand together; `wide`: each in a row of its own."""

    title: str
    fields: list[forms.BoundField]
    wide: bool


class ActivityForm(forms.Form):
    """`pack` names matters and key contents; `person` decides which units, officers and devices there are."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label="承办科室", empty_label=None)
    matter = forms.ChoiceField(label="事项", required=False)
    place = forms.CharField(label="地点", max_length=200, required=False)
    latitude = forms.DecimalField(label="纬度", max_digits=9, decimal_places=6, required=False)
    longitude = forms.DecimalField(label="经度", max_digits=9, decimal_places=6, required=False)
    party = forms.CharField(label="当事人", max_length=200, required=False)
    officers = forms.ModelMultipleChoiceField(
        Officer.objects.none(),
        label="执法人员",
        help_text=f"至少两人。依据：{TWO}。",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": f"没有选择执法人员。依据：{TWO}。怎么办：请选择到场的两名以上执法人员。"},
    )
    arrived_at = moment_field(LABELS["arrived_at"], required=False)
    ended_at = moment_field(LABELS["ended_at"], required=False)
    left_at = moment_field(LABELS["left_at"], required=False)
    returned_at = moment_field(LABELS["returned_at"], required=False)
    circumstances = forms.MultipleChoiceField(
        label="情形",
        required=False,
        help_text="规定为这些情形另定移交期限的，自返回单位起算。",
        choices=[(code, NAMES[code]) for code in CIRCUMSTANCES],
        widget=forms.CheckboxSelectMultiple,
    )
    happened = forms.MultipleChoiceField(
        label="发生过的重点内容",
        required=False,
        help_text="勾选的，缺少相应标记时会提示。",
        widget=forms.CheckboxSelectMultiple,
    )
    events = forms.MultipleChoiceField(
        label="特别情况",
        required=False,
        help_text="关系到保管期限和是否长期保存。",
        choices=[(code, NAMES[code]) for code in EVENTS],
        widget=forms.CheckboxSelectMultiple,
    )
    note = forms.CharField(label="备注", max_length=2000, required=False, widget=forms.Textarea({"rows": 2}))

    def __init__(
        self, person: Account, pack: Pack | None, *args: Any, activity: Activity | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        at = clock.now()
        self.slots = max(CARRIED, activity.carried.count() if activity else 0)
        self._offer("unit", units_of(person, at).order_by("code"))
        self.fields["unit"].initial = person.unit or (person.officer.unit if person.officer else None)
        here = officers_of(person, at).filter(left_on__isnull=True)
        if activity is not None:  # who took part stands there, also when they have left since
            took_part = activity.participants.values("officer")
            here = officers_of(person, at).filter(Q(left_on__isnull=True) | Q(pk__in=took_part))
        here = here.order_by("staff_no")
        self._offer("officers", here)
        if person.officer_id:
            self.fields["officers"].initial = [person.officer_id]
        self.fields["matter"].choices = matter_choices(pack, str(self.initial.get("matter") or ""))  # type: ignore[attr-defined]
        contents = [(one.code, one.text) for one in (pack.key_content if pack else ()) if one.code]
        known = {code for code, _ in contents}
        contents += [
            (code, mark_in_words(pack, code))
            for code in self.initial.get("happened") or ()
            if code not in known
        ]
        self.fields["happened"].choices = contents  # type: ignore[attr-defined]
        self._offer_devices(person, here, at)

    def _offer(self, name: str, rows: Any) -> None:
        self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def _offer_devices(self, person: Account, here: Any, at: datetime) -> None:
        """What is in the register and not retired, and whatever stands in the activity already."""
        there = [self.initial.get(f"device{number}") for number in range(1, self.slots + 1)]
        offered = ~Q(state=Device.State.RETIRED) | Q(pk__in=[one for one in there if one])
        devices = devices_seen(person, at).filter(offered).exclude(kind__in=_BESIDE).order_by("serial")
        for number in range(1, self.slots + 1):
            self.fields[f"device{number}"] = forms.ModelChoiceField(
                devices, label=f"第 {number} 台", required=False, empty_label="（无）"
            )
            self.fields[f"carrier{number}"] = forms.ModelChoiceField(
                here, label=f"第 {number} 台的携带人", required=False, empty_label="（不详）"
            )

    @property
    def groups(self) -> list[Group]:
        """The fields as the page shows them."""
        devices = [f"{name}{number}" for number in range(1, self.slots + 1) for name in ("device", "carrier")]
        layout = (
            ("什么事，在哪里", ("unit", "matter", "place", "party", "latitude", "longitude"), False),
            ("谁去的，什么时候", ("officers", *MOMENTS), False),
            ("带了哪些设备", devices, False),
            ("情形和内容", ("circumstances", "happened", "events", "note", "reason"), True),
        )
        return [
            Group(title, [self[name] for name in names if name in self.fields], wide)
            for title, names, wide in layout
        ]

    def told(self) -> Told:
        """What the form says; what it leaves empty is not said."""
        said = self.cleaned_data
        devices = {
            said[f"device{number}"]: said[f"carrier{number}"]
            for number in range(1, self.slots + 1)
            if said.get(f"device{number}")
        }
        given = {name: said[name] for name in _PLAIN if said[name] not in (None, "")}
        lists = {name: said[name] for name in ("circumstances", "happened", "events")}
        return Told(**given, **lists, officers=list(said["officers"]), devices=devices)


_PLAIN = (*("matter", "place", "latitude", "longitude", "party", "note"), *MOMENTS)


class TellForm(ActivityForm):
    """More of an activity, or something else than was said: that needs the reason."""

    reason = forms.CharField(
        label="更正的理由",
        max_length=500,
        required=False,
        help_text="只补填空白的不用写；改动已填内容的必须写明。",
        widget=forms.Textarea({"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["unit"]


def matter_choices(pack: Pack | None, now: str) -> list[tuple[str, Any]]:
    """The regulation's matters, grouped by whether they must be recorded; and the one that stands, whatever it is."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for one in pack.matters if pack else ():
        label = f"{one.name}（第 {one.article} 条）"
        groups.setdefault(OBLIGATIONS[one.duty], []).append((one.code, label))
    known = {code for some in groups.values() for code, _ in some}
    others = [("other_matter", "清单以外的事项")]
    if now and now not in known:
        others.append((now, f"{NAMES.get(now, now)}（不在清单中）"))
    return [("", "（待定）"), *groups.items(), ("其他", [one for one in others if one[0] not in known])]


def initial_of(activity: Activity) -> dict[str, Any]:
    """What stands, for a form that says more."""
    told: dict[str, Any] = {
        name: getattr(activity, name) for name in (*_PLAIN, "circumstances", "happened", "events")
    }
    told["officers"] = list(activity.participants.values_list("officer", flat=True))
    return told | _carried(activity.carried.order_by("pk"))


def _carried(rows: Iterable[Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for number, row in enumerate(rows, 1):
        told |= {f"device{number}": row.device_id, f"carrier{number}": row.officer_id}
    return told
