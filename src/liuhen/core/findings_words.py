"""The sentence of every finding about fieldwork, and what to do about it."""

from __future__ import annotations

from typing import Final

_EXPLAIN: Final = "请执法人员说明原因，并附上相应的工作记录或书面说明。"
_SOURCE: Final = "请查明文件来源；有设备原件的，以原件为准，两份都保留。"
_CLOCK: Final = "请核对并校准该设备时钟；已有的时间照原样保留，另记校正值。"

WORDS: Final[dict[str, tuple[str, str]]] = {
    # one file: core/media/continuity.py
    "interrupted": ("{what}在 {at:.3f} 秒处中断 {seconds}。", _EXPLAIN),
    "sound_without_picture": (
        "{at:.3f} 秒起有声音、没有画面，长 {seconds}。",
        "请核对镜头是否被挡或画面是否丢失。",
    ),
    "picture_without_sound": (
        "{at:.3f} 秒起有画面、没有声音，长 {seconds}。",
        "请核对录音是否被关闭或声音是否丢失。",
    ),
    "no_sound": ("整个文件没有声音。", "请核对设备的录音设置。"),
    "head_missing": ("{what}比文件开头晚 {seconds} 才开始，开头可能缺失。", _EXPLAIN),
    "tail_missing": ("文件结尾不完整：{reason}。", _EXPLAIN),
    "edit_list_cuts": ("编辑列表把第 {track} 条轨道分成 {edits} 段，播放时可能略过内容。", _SOURCE),
    "edited_with": ("带有编辑软件的痕迹（{trace}），不是设备直接产生的文件。", _SOURCE),
    "reencoded": ("带有转码痕迹（{trace}），且没有设备应有的时间和定位。", _SOURCE),
    "encoder_library": (
        "由通用编码程序写成（{trace}）；有的设备本身使用它，仅供核对。",
        "与该设备的其他文件对照。",
    ),
    "modified_later": ("文件头在录制结束 {seconds} 之后又被改写。", _SOURCE),
    "metadata_edited": ("“{name}”与“{twin}”内容相同，只有文件头不同。", _SOURCE),
    # files of one device: core/media/junctions.py
    "pause": ("“{before}”与“{after}”之间停了 {seconds}。", _EXPLAIN),
    "power_off": ("“{before}”没有正常结束，到“{after}”开始相隔 {seconds}，设备可能断电或死机。", _EXPLAIN),
    "missing_number": (
        "“{before}”与“{after}”之间缺 {count} 个编号。",
        "请核对卡上和设备内是否还有未采集的文件。",
    ),
    "overlap": ("“{before}”与“{after}”重叠 {seconds}，同一设备不应同时录两段。", _SOURCE),
    "trimmed": ("“{name}”可能被剪短：{reason}。", _SOURCE),
    "foreign_file": ("“{name}”不像本设备的文件：{reason}。", _SOURCE),
    "out_of_order": ("“{before}”与“{after}”的编号和时间先后相反，时钟可能调过或文件改过名。", _CLOCK),
    "untimed": ("“{name}”没有可用的时间，无法判断前后是否连续。", "请核对文书所载起止时间。"),
    # coverage: core/field/coverage.py
    "nothing_recorded": (
        "{start} 至 {end} 应当记录，没有任何音像，尚缺{lacking}。",
        "请补交没有记录的工作记录，或查找尚未采集的文件。",
    ),
    "late_start": ("{start} 到场，{end} 才开始记录，晚 {seconds}，尚缺{lacking}。", _EXPLAIN),
    "early_stop": ("{start} 停止记录，{end} 才结束，缺 {seconds}，尚缺{lacking}。", _EXPLAIN),
    "hole": ("{start} 至 {end} 中断 {seconds}，尚缺{lacking}。", _EXPLAIN),
    "span_unknown": ("{what}尚未填写，无法判断记录是否完整。", "请补填执法活动的时间。"),
    # time: core/field/time_truth.py
    "zone_error": ("设备时间与{reference}相差整 {hours:+d} 小时（余 {residue_seconds}），时区写错。", _CLOCK),
    "clock_wrong": ("设备时钟比{reference}{direction} {offset}。", _CLOCK),
    "clock_drifts": ("设备时钟在走偏，每天{direction} {per_day_seconds}。", _CLOCK),
    "clock_unsteady": ("设备时间与{reference}之差前后不一，时钟可能中途调过。", _CLOCK),
    "stale_fix": (
        "“{name}”的卫星时间比同组其他文件陈旧 {seconds}，是旧定位，不能据以校时。",
        "地点以其他材料为准。",
    ),
    "times_disagree": ("{first}与{second}相差 {seconds}。", "请核对设备时钟和文书时间。"),
    "from_the_future": ("{field} 的时间晚于入库时间 {seconds}，设备时钟偏快。", _CLOCK),
    "time_unsure": ("设备时间与{reference}相差 {seconds}，仅此一处，分不清是时钟偏差还是旧定位。", _CLOCK),
    # documents: core/field/time_agreement.py
    "document_not_recorded": ("{document}所载时间内没有音像。", _EXPLAIN),
    "document_start_differs": (
        "{document}的开始时间与音像相差 {seconds}（{direction}）。",
        "请核对文书和设备时钟。",
    ),
    "document_end_differs": (
        "{document}的结束时间与音像相差 {seconds}（{direction}）。",
        "请核对文书和设备时钟。",
    ),
    "document_untimed": ("{document}没有写明起止时间。", "请补填文书所载起止时间。"),
    # notice and key content: core/field/marks.py
    "notice_missing": ("没有标记告知：{rule}。", "请回看开头；已告知的补标，没有告知的说明情况。"),
    "notice_late": ("告知在开始记录 {seconds} 之后才作出。", "请执法人员说明情况。"),
    "opening_missing": ("没有标记开场说明：{rule}。", "请回看开头；已说明的补标，没有说明的写明情况。"),
    "key_content_missing": (
        "没有标记应当摄录的内容：{rule}。",
        "请回看音像；已摄录的补标，没有摄录的说明情况。",
    ),
    "mark_outside": ("标记“{mark}”不在任何一段音像之内。", "请核对标记的时间。"),
    # the activity itself: stages/fieldwork/checks.py
    "one_officer": ("执法人员少于两人。", "请补登另一名执法人员；确实只有一人的，请说明情况。"),
    "document_outside": (
        "{document}所载时间（{start} 至 {end}）不在执法活动的时间之内。",
        "请核对文书时间和活动的到达、离开时间。",
    ),
    "device_twice": (
        "设备 {device} 同时登记在活动 {other} 中。",
        "一台设备不能同时用于两个活动：请核对设备或时间。",
    ),
    "no_device": ("没有登记使用的设备。", "请补登当时使用的设备；没有使用的，提交未记录的工作记录。"),
    "photographs_missing": (
        "没有照片，关键证据和节点应当另行拍照。",
        "拍了照片的，请采集并归入；没有拍的，说明情况。",
    ),
    "ground_unlisted": (
        "{report}所写的理由“{ground}”不在条文所列之内。",
        "请审核人决定是否认可；不认可的退回补正。",
    ),
    "report_without_basis": (
        "{report}没有写明依据，条文要求写明。",
        "请退回补正，由本人写明依据；已审核的，由审核人说明。",
    ),
    "report_waiting": ("{report}尚未由{who}审核。", "请审核人办理；在纸上签字的，登记扫描件。"),
    "matter_unlisted": ("事项“{matter}”不在规定的清单中。", "请核对事项；确属清单以外的，不影响保存。"),
    "time_unplaced": ("{recording}没有可用的时间，未计入记录的时段。", "请核对文书所载起止时间。"),
    # the use register: stages/equipment
    "unheld": (
        "拍摄于 {taken}，使用台账上这时 {serial} 没有领用人。",
        "请查明当时由谁使用：漏登记的补书面说明，设备时钟不准的先核对校准；未经领用使用设备的，由科室负责人处理。",
    ),
    "carried_unissued": (
        "{serial}由{who}携带，使用台账上这段时间的领用人是{holders}。",
        "请核对携带人；确由其携带而漏登记领用的，由采集管理员书面说明；未经领用使用设备的，由科室负责人处理。",
    ),
    # matching: core/field/matching.py
    "recording_alone": ("没有与之相符的执法活动：{reason}。", "请补建执法活动，或说明这段音像的由来。"),
    "activity_ambiguous": (
        "有 {count} 个执法活动同样相符，请人工确定。",
        "同一设备同时用于两个活动的，请核对时间。",
    ),
    # what stands for findings of recordings that one may not see: stages/fieldwork/checks.py
    "not_yours_to_see": (
        "您无权查看的记录有 {count} 处需要核对，由能查看的人员办理。",
        "您不用办理；想知道是什么的，请问科室管理员或科室负责人。",
    ),
}
