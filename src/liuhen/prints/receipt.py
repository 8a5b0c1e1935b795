"""The handover receipt (移交回执): what a card held, what became of each file, and how anyone can check it.

- One reading of the receipt, `receipt_view`, feeds paper and terminal, so that both say the same.
- What is not known is said: 未测, 未认定, 仅一份副本. Nothing is left out because it is unpleasant.
- The checkpoint is printed as signed; its QR lets an outsider hold the ledger to it later.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .words import clock_offset, moment, pad, size, span, visible, width

KINDS = {
    "video": "录像",
    "audio": "录音",
    "image": "照片",
    "photo": "照片",
    "document": "文书",
    "other": "其他",
}
STATES = {"stored": "已入库", "already": "此前入库", "refused": "拒收", "failed": "未入库"}
CHECK = (
    "请妥善保存本回执。日后核对：向本单位索取账本的最新检查点和一致性证明，"
    "与本页检查点（二维码内容相同）比对；再比对公钥指纹。两者相符，说明账本自本回执之后只增未改。"
)
_RULE = 78
DOCUMENTS = 100  # written records on paper; the JSON names all

Row = tuple[str, str]


def receipt_pdf(receipt: Mapping[str, Any]) -> bytes:
    """A4 PDF/A of the receipt, dated `finished_at`. Raises NoPrintFontError and PrintError."""
    from . import qr  # typesetter and QR maker take longer to load than most commands to run
    from .pdf import render

    return render(
        "receipt.typ",
        receipt_view(receipt),
        at=datetime.fromisoformat(receipt["finished_at"]),
        images={"qr": qr.svg(receipt["qr"])},
    )


def receipt_view(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """The receipt as the sentences to print; every value a string, or rows of strings."""
    return {
        "title": receipt["title"],
        "number": receipt["number"],
        "agency": receipt["agency"]["name"],
        "heads": _heads(receipt),
        "notes": _notes(receipt),
        "files": [_file(file) for file in receipt["files"]],
        "documents": [_document(one) for one in (receipt.get("documents") or [])[:DOCUMENTS]],
        "documents_more": _more(receipt.get("documents") or []),
        "totals": _totals(receipt["totals"]),
        "basis": list(receipt["basis"]),
        "checkpoint": receipt["checkpoint"].rstrip("\n").split("\n"),
        "head": _head(receipt),
        "keys": [("公钥指纹", receipt["key_fingerprint"]), ("公钥", receipt["vkey"])],
        "check": CHECK,
    }


def _heads(receipt: Mapping[str, Any]) -> list[Row]:
    return [
        ("单位名称", receipt["agency"]["name"]),
        ("所属科室", (receipt.get("unit") or {}).get("name") or "—"),
        ("移交人", _holder(receipt.get("holder"))),
        ("接收人", _receiver(receipt["received_by"])),
        ("采集设备", _device(receipt.get("device"))),
        ("存储介质", receipt["card"]["label"]),
        ("开始时间", moment(receipt["started_at"])),
        ("完成时间", moment(receipt["finished_at"])),
    ]


def _holder(holder: Mapping[str, Any] | None) -> str:
    if not holder:
        return "未认定"
    certificate = holder.get("certificate_no")
    return f"{holder['name']}（执法证号 {certificate}）" if certificate else str(holder["name"])


def _receiver(person: Mapping[str, Any]) -> str:
    return f"{person['name']}（{person['role']}）" if person.get("role") else str(person["name"])


def _device(device: Mapping[str, Any] | None) -> str:
    if not device:
        return "未认定"
    return " ".join(part for part in (device.get("model"), device.get("serial")) if part)


def _notes(receipt: Mapping[str, Any]) -> list[Row]:
    rows = [
        ("来源位置", receipt["card"]["path"]),
        ("时钟偏差", _clock(receipt["clock"])),
        ("保存副本", _copies(receipt["copies"])),
        ("介质处理", _release(receipt)),
    ]
    return [(label, value) for label, value in rows if value]


def _clock(clock: Mapping[str, Any]) -> str:
    if not clock["measured"] or clock.get("offset_seconds") is None:
        return "未测（移交时未登记设备显示的时间，录制时间未经校正）"
    shown, server = moment(clock.get("shown")), moment(clock.get("server"))
    return f"{clock_offset(clock['offset_seconds'])}（设备显示 {shown}，服务器 {server}）"


def _copies(copies: Mapping[str, Any]) -> str:
    where = "、".join(copies["stores"])
    text = f"{copies['count']} 份" + (f"：{where}" if where else "")
    return f"{text}（{copies['note']}）" if copies.get("note") else text


def _release(receipt: Mapping[str, Any]) -> str:
    verdict = "已放行" if receipt["released"] else "未放行，请保留介质内全部文件"
    note = receipt.get("release_note")
    return f"{verdict}。{note}" if note else f"{verdict}。"


def _file(file: Mapping[str, Any]) -> dict[str, Any]:
    digests = [("SHA-256", file.get("sha256")), ("SM3", file.get("sm3"))]
    remarks = [("原因", file["reason"])] if file.get("reason") else []
    remarks += [("提示", finding) for finding in file.get("findings") or []]
    return {
        "no": str(file["no"]),
        "path": file["path"],
        "number": file.get("number") or "—",
        "kind": KINDS.get(file.get("kind") or "", file.get("kind") or "—"),
        "duration": span(file.get("duration")),
        "bytes": f"{file['bytes']:,}" if file.get("bytes") is not None else "—",
        "state": STATES.get(file["state"], file["state"]),
        "good": file["state"] in ("stored", "already"),
        "digests": [(label, value) for label, value in digests if value],
        "remarks": remarks,
    }


def _document(one: Mapping[str, Any]) -> dict[str, str]:
    """A written record handed over with the recordings."""
    scan = one.get("scan_sha256")
    return {
        "kind": one["kind"],
        "number": one["number"] or "—",
        "activity": one["activity"],
        "span": _span_said(one.get("started_at"), one.get("ended_at")),
        "scan": f"SHA-256 {scan}" if scan else "没有扫描件",
    }


def _span_said(start: str | None, end: str | None) -> str:
    return f"{moment(start)} 至 {moment(end)}" if start or end else "—"


def _more(documents: list[Any]) -> str:
    return f"另有 {len(documents) - DOCUMENTS} 件，见同号 JSON 文件。" if len(documents) > DOCUMENTS else ""


def _totals(totals: Mapping[str, Any]) -> str:
    counts = [f"{STATES[state]} {totals[state]} 个" for state in STATES if totals.get(state)]
    counted = f"，其中{'、'.join(counts)}" if counts else ""
    duration = f"；总时长 {span(totals['duration'])}" if totals.get("duration") else ""
    exact = f"{totals['bytes']:,} 字节"
    about = f"（约 {size(totals['bytes'])}）" if totals["bytes"] >= 1000 else ""
    return f"共 {totals['files']} 个文件{counted}；{exact}{about}{duration}。"


def _head(receipt: Mapping[str, Any]) -> list[Row]:
    return [("账本", receipt["origin"]), ("条目数", str(receipt["tree_size"])), ("根值", receipt["root"])]


def receipt_text(receipt: Mapping[str, Any]) -> str:
    """The receipt for a terminal: plain lines, columns aligned; the first is `移交回执 <number>`."""
    view = receipt_view(receipt)
    title = view["title"]
    lines = [f"移交回执 {view['number']}"]
    lines += [title] if title != "移交回执" else []
    lines += ["─" * _RULE, *_columns(view["heads"]), *_labelled(view["notes"]), "─" * _RULE]
    for file in view["files"]:
        lines += _file_lines(file)
    lines += ["─" * _RULE, f"合计  {view['totals']}"]
    if view["documents"]:
        lines += ["─" * _RULE, "随同移交的文书", *(_document_line(one) for one in view["documents"])]
        lines += [view["documents_more"]] if view["documents_more"] else []
    lines += [f"依据  {basis}" for basis in view["basis"]]
    lines += ["─" * _RULE, *_labelled(view["head"] + view["keys"])]
    return "\n".join(visible(line).rstrip() for line in lines) + "\n"


def _document_line(one: Mapping[str, str]) -> str:
    return f"      {one['kind']}  {one['number']}  {one['activity']}  {one['span']}  {one['scan']}"


def _columns(rows: list[Row]) -> list[str]:
    """Label and value twice a line, where the left value leaves room."""
    cells = [f"{pad(label, 8)}  {visible(value)}" for label, value in rows]
    pairs = zip(cells[::2], cells[1::2], strict=True)
    lines = []
    for left, right in pairs:
        fits = width(left) < _RULE // 2
        lines += [pad(left, _RULE // 2) + right] if fits else [left, right]
    return lines


def _labelled(rows: list[Row]) -> list[str]:
    return [f"{pad(label, 8)}  {value}" for label, value in rows]


def _file_lines(file: Mapping[str, Any]) -> list[str]:
    head = "  ".join(
        (
            pad(file["no"], 4, right=True),
            pad(file["state"], 8),
            pad(file["kind"], 4),
            pad(file["duration"], 8, right=True),
            pad(file["bytes"], 15, right=True),
            visible(file["path"]),
        )
    )
    under = [("编号", file["number"]), *file["digests"], *file["remarks"]]
    return [head, *(f"      {pad(label, 8)}  {value}" for label, value in under if value != "—")]
