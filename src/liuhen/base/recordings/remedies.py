"""What each finding means for the record, and what to do about it: for whoever reads a recording's page.

A finding's own sentence says what is; this says what of it. A code without a line here gets the general advice.
"""

from __future__ import annotations

from liuhen.core.media.findings import FINDINGS

_ASK = "请执法人员说明情况；需要书面说明的，连同说明一并归档。"
_KEPT = "原件已照原样保存，无需处理；播放不正常时以原件为准。"

GENERAL = ("机器发现的情况，供核对时参考。", "请核对原件；有疑问的，请执法人员说明。")

MEANINGS: dict[str, tuple[str, str]] = {
    "analyser_killed": (
        "分析程序没能读完这个文件，时长、画面等信息可能缺失。",
        "请用其他播放软件核对原件；仍不能播放的，请设备厂家协助。",
    ),
    "analyser_timeout": ("文件太大或结构异常，没有分析完。", "原件完好保存；请核对能否播放。"),
    "analyser_memory": ("文件结构异常，没有分析完。", "原件完好保存；请核对能否播放。"),
    "preview_failed": ("缩略图、波形或浏览副本没有做成，只影响查看。", "可下载原件，用专用播放软件查看。"),
    "zero_byte": ("设备建立了文件却没有写入内容，可能是断电、存储卡已满或误触。", _ASK),
    "unreadable": ("文件损坏，或不是设备通常产生的格式。", "原件已保存；请设备厂家协助读取，并检查该设备。"),
    "not_media": ("卡上的普通文件，不是录音录像或照片。", "与执法无关的，按规定鉴定后处理；不得自行删除。"),
    "wrong_extension": ("文件名与内容不符，可能被改过名。", "请查明是谁、为何改名。"),
    "truncated": ("结尾缺失，常见于断电、拔卡或存储卡故障。", _ASK),
    "packets_missing": ("有画面或声音没有写入文件。", "请核对该时段是否影响证明内容，并检查存储卡。"),
    "packets_damaged": ("文件中间有损坏，其后内容可能读不出。", "请检查存储卡；必要时由厂家恢复。"),
    "chunk_out_of_range": ("索引与内容不符，文件可能不完整。", _ASK),
    "missing_stsd": ("有一路画面或声音没有说明编码，播放软件打不开它。", "请设备厂家协助。"),
    "edit_list": (
        "文件要求播放软件跳过一部分内容；跳过的内容仍在原件中。",
        "需要时用专用软件查看原件全部内容。",
    ),
    "undecodable": ("画面或声音无法解码。", "请设备厂家提供解码工具；原件照原样保存。"),
    "no_streams": ("文件里没有画面也没有声音。", _ASK),
    "decompression_bomb": (
        "图片声明的尺寸不合理，可能是损坏或恶意文件。",
        "不要用其他软件打开；请系统管理员核对来源。",
    ),
    "jpeg_truncated": ("照片下半部分可能缺失。", _ASK),
    "exif_unreadable": ("照片自带的拍摄信息读不出，画面不受影响。", _KEPT),
    "no_time": ("文件自己没有说明录制时间，只能依据文件名和入库时间。", "请核对执法文书所载起止时间。"),
    "time_implausible": ("设备时钟可能没有校准或曾经断电。", "请核对文件名、文书时间，并校准该设备时钟。"),
    "gps_no_fix": ("当时没有卫星定位，不能据此确认地点。", _KEPT),
    "gap": ("录像或录音中断，这一段没有内容。", "请执法人员说明中断原因；依规定需书面说明的，补交说明。"),
    "duration_disagrees": ("文件头与实际内容的时长不一致，以实测为准。", _KEPT),
    "av_length_disagrees": ("画面与声音长短不同，其中一路可能中断。", "请核对结尾处画面和声音是否齐全。"),
    "reencoding_trace": (
        "文件可能经过转码或剪辑，不是设备直接产生的。",
        "请查明来源；有设备原件的，以原件入库。",
    ),
    "dark": (
        "光线不足，或镜头被衣物、手掌遮住；读得出的夜景不会这样报。",
        "请回看这一段；确实看不清的，请执法人员说明情况，并检查佩戴位置和补光。",
    ),
    "covered": (
        "镜头可能被遮挡，也可能正对一面墙、天空或纸张，由人判断。",
        "请回看这一段；确被遮挡的，请执法人员说明原因，以后佩戴在不受遮挡的位置。",
    ),
    "blurred": (
        "镜头可能有污渍、水汽，或没有对上焦。",
        "请擦拭并检查该设备镜头；影响证明内容的，请执法人员说明。",
    ),
    "frozen": (
        "设备可能死机：画面停住，时间和声音仍在走；对着静物不动一般不会逐点相同。",
        "请回看这一段并听声音；确实停住的，请执法人员说明，并送修该设备。",
    ),
    "silent": (
        "话筒可能被关闭、被捂住或损坏。",
        "请回听这一段；确实无声的，请执法人员说明，并检查该设备的录音设置。",
    ),
    "low_resolution": (
        "像素少，人脸、文字等细节可能看不清。",
        "请检查设备的画质设置；设备只能如此的，无需处理。",
    ),
    "device_mismatch": ("文件名中的设备与存储卡所属的设备不同。", "请查明卡是否混用，再确定归属。"),
    "unknown_device": ("文件名中的设备没有登记。", "请先登记该设备，再确定归属。"),
    "unknown_officer": ("文件名中的人员编号没有登记。", "请先登记该人员，再确定归属。"),
    "case_twin": ("卡上有只差大小写的同名文件，两份都已保存。", _KEPT),
    "impossible_name_time": (
        "文件名中的时间不存在，设备时钟可能有误。",
        "请校准该设备时钟，并核对文书时间。",
    ),
    "record_missing": ("重建时没有找到这条记录的说明文件。", "请系统管理员用另一存储或备份修复。"),
}
SEVERITIES = {"note": "说明", "warning": "留意", "error": "问题", "MUST": "必须处理"}


def meaning_of(code: str) -> tuple[str, str]:
    """(what it means, what to do)."""
    return MEANINGS.get(code, GENERAL)


def codes_without_words() -> set[str]:
    """For the test that keeps this table as long as the analyser's."""
    return set(FINDINGS) - set(MEANINGS)
