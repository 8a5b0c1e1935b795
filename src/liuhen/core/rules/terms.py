"""The closed vocabulary that packs and facts share: codes, and what they are called in Chinese.

A pack can say only what stands here: what a text says beyond it is told as a question (`questions`).
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Circumstance = Literal["offsite", "continuous", "remote", "on_water", "special"]
Ground = Literal[
    "state_secret",
    "trade_secret",
    "privacy",
    "urgent",
    "objective",
    "other_means",
    "explosive_area",
    "text_suffices",
]
Cause = Literal[
    "device_fault",
    "weather",
    "battery",
    "storage",
    "site_change",
    "obstruction",
    "force_majeure",
    "other_objective",
]
Event = Literal[
    "objection",
    "complaint",
    "petition",
    "evasion",
    "refusal",
    "obstruction",
    "abuse",
    "assault",
    "public_health",
    "mass_incident",
    "emergency",
    "complex",
    "other_important",
]
Start = Literal[
    "arrived_at",
    "ended_at",
    "left_at",
    "returned_at",
    "recorded_at",
    "handover_at",
    "concluded_at",
    "filed_at",
]
Duty = Literal["handover", "store", "dossier", "dossier_arrangement"]
Role = Literal["officer", "custodian", "unit_head", "leader", "principal", "legal", "archivist", "unit"]
Obligation = Literal["must", "should", "as_fit", "need_not"]
Accounted = Literal["purpose", "definition", "principle", "effect", "reference"]
Capability = Literal["equipment", "fieldwork", "casework", "access", "oversight", "preservation"]
DeviceKind = Literal[
    "body_recorder", "camera", "camcorder", "voice_recorder", "terminal", "surveillance", "dock", "store"
]
NormCode = Literal["resolution", "battery", "storage", "no_delete", "explosion_proof"]
Kind = Literal["clock", "act", "check", "form", "screen", "rule"]

NAMES: Final[dict[str, str]] = {
    # circumstances
    "offsite": "异地执法",
    "continuous": "连续工作",
    "remote": "边远、交通不便地区",
    "on_water": "水上",
    "special": "特殊情况",
    # grounds
    "state_secret": "涉及国家秘密",
    "trade_secret": "涉及商业秘密",
    "privacy": "涉及个人隐私",
    "urgent": "情况紧急",
    "objective": "客观原因",
    "other_means": "可以用其他方式记录",
    "explosive_area": "爆炸危险区域且无防爆设备",
    "text_suffices": "文字记录足以全面有效记录",
    # causes
    "device_fault": "设备故障或损坏",
    "weather": "天气恶劣",
    "battery": "电量不足",
    "storage": "存储空间不足",
    "site_change": "检查场所变化",
    "obstruction": "阻碍执法",
    "force_majeure": "不可抗力",
    "other_objective": "其他客观原因",
    # events
    "objection": "有异议",
    "complaint": "投诉",
    "petition": "上访",
    "evasion": "逃避",
    "refusal": "拒绝",
    "abuse": "谩骂、侮辱",
    "assault": "殴打",
    "public_health": "突发公共卫生事件",
    "mass_incident": "群体性事件",
    "emergency": "突发事件",
    "complex": "重大、疑难、复杂",
    "other_important": "其他重要情况",
    # what a device must be able to do
    "resolution": "分辨率",
    "no_delete": "资料不被删改",
    "explosion_proof": "防爆",
    # starts
    "arrived_at": "到达现场",
    "ended_at": "执法活动结束",
    "left_at": "离开现场",
    "recorded_at": "记录作出",
    "handover_at": "移交",
    "concluded_at": "执法行为终结",
    "filed_at": "立案",
    "returned_at": "返回单位",
    # duties
    "handover": "移交音像记录",
    "store": "存储音像记录",
    "unrecorded_report": "未记录工作记录",
    "voice_reason": "恢复时语音说明中断原因",
    "interruption_report": "中断立即报告",
    "interruption_statement": "中断书面说明",
    "disc": "刻录光盘等长期保存",
    "dossier": "形成案卷归档",
    "dossier_arrangement": "收集整理归档材料",
}

DUTIES: Final = (
    *("handover", "store", "unrecorded_report", "voice_reason", "interruption_report"),
    *("interruption_statement", "disc", "dossier", "dossier_arrangement"),
)  # all that the engine tells of


def words_of(kind: object) -> tuple[str, ...]:
    """The codes of one of the Literals above."""
    return tuple(get_args(kind))
