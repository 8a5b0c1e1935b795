"""What an analysis found wrong or worth knowing, as coded data.

- A finding is {"code", "severity", "text", "params"}: the code is stable, the text is Chinese for the
  officer, the params are the figures behind it.
- Severity: `note` (known, nothing to do), `warning` (somebody should look), `error` (the file cannot be used
  as it stands). None of them keeps a file out: the bytes are stored whatever is found.
- The corpus of tests is named after these codes.
"""

from __future__ import annotations

from typing import Any

Finding = dict[str, Any]

NOTE, WARNING, ERROR = "note", "warning", "error"

FINDINGS: dict[str, tuple[str, str]] = {
    # the analyser itself
    "analyser_killed": (ERROR, "分析进程异常终止（信号 {signal}），文件照原样保存，内容未能分析。"),
    "analyser_timeout": (ERROR, "分析超过时限（{limit}），已停止；文件照原样保存。"),
    "analyser_memory": (ERROR, "分析所需内存超过上限，已停止；文件照原样保存。"),
    "preview_failed": (WARNING, "{what}未能生成（{reason}），原始文件不受影响。"),
    # the file as a whole
    "zero_byte": (ERROR, "文件为空（0 字节）。"),
    "unreadable": (ERROR, "文件无法读取或解析（{reason}）。"),
    "not_media": (NOTE, "不是音频、视频或照片（识别为{found}），照原样保存。"),
    "wrong_extension": (WARNING, "扩展名为 .{extension}，内容却是 {found}。"),
    "truncated": (ERROR, "文件不完整：{what}。"),
    "packets_missing": (WARNING, "第 {stream} 路流应有 {declared} 帧，实际只读到 {found} 帧。"),
    "packets_damaged": (WARNING, "读取数据包时遇到损坏（{reason}），其后内容未能分析。"),
    # structure
    "chunk_out_of_range": (ERROR, "索引指向文件末尾之外（{count} 处），文件被截断或索引损坏。"),
    "missing_stsd": (WARNING, "第 {track} 条轨道没有编码说明（stsd），该轨道无法解码。"),
    "edit_list": (NOTE, "第 {track} 条轨道带有编辑列表，播放时会跳过或平移部分内容。"),
    "undecodable": (ERROR, "第 {stream} 路流（{codec}）的画面或声音无法解码。"),
    "no_streams": (ERROR, "容器中没有任何可播放的音频或视频。"),
    "decompression_bomb": (ERROR, "图像声明的像素过多（{pixels}），拒绝解压。"),
    "jpeg_truncated": (ERROR, "照片数据不完整，图像未到结尾就中断。"),
    "exif_unreadable": (WARNING, "照片的 EXIF 信息损坏，无法读取（{reason}）。"),
    # time and place
    "no_time": (WARNING, "文件内没有任何时间信息。"),
    "time_implausible": (WARNING, "{field} 记载的时间（{raw}）不可信，未采用。"),
    "gps_no_fix": (NOTE, "写有定位信息但当时未定位（{raw}）。"),
    # continuity
    "gap": (WARNING, "第 {stream} 路流在 {start:.3f} 秒处中断 {length:.3f} 秒。"),
    "duration_disagrees": (WARNING, "文件头写明时长 {header:.3f} 秒，按数据包实测为 {measured:.3f} 秒。"),
    "av_length_disagrees": (WARNING, "画面 {video:.3f} 秒、声音 {audio:.3f} 秒，长短相差 1 秒以上。"),
    # how well it can be seen and heard: quality_found.py
    "dark": (WARNING, "{where}画面太暗，看不清内容：{figure}，共看 {seen} 幅。"),
    "covered": (WARNING, "{where}画面几乎一片均匀，看不到景物：{figure}，共看 {seen} 幅。"),
    "blurred": (WARNING, "{where}画面模糊：{figure}，共看 {seen} 幅。"),
    "frozen": (WARNING, "{where}时间在走，画面不动：{figure}，共看 {seen} 幅。"),
    "silent": (WARNING, "{where}没有声音{figure}。"),
    "low_resolution": (NOTE, "分辨率 {width} × {height}，低于 {lines} 线。"),
    "reencoding_trace": (NOTE, "带有转码或编辑软件的痕迹（{trace}），可能不是设备直接产生的原始文件。"),
}


def finding(code: str, **params: Any) -> Finding:
    """One finding. Raises KeyError for a code that is not in the table or a parameter its text needs."""
    severity, text = FINDINGS[code]
    return {"code": code, "severity": severity, "text": text.format(**params), "params": params}
