"""QR codes (ISO/IEC 18004) for prints. The one user of segno."""

from __future__ import annotations

import io

import segno

from liuhen.core.errors import RefusedError


def svg(text: str) -> str:
    """`text` (UTF-8, at most 2,331 bytes) as SVG; error correction M or better, quiet zone included.

    Raises RefusedError (`qr_too_long`) when it does not fit one code.
    """
    try:
        code = segno.make(text.encode(), error="m", micro=False)
    except segno.DataOverflowError as error:
        raise RefusedError(
            f"内容有 {len(text.encode())} 字节，一个二维码装不下。",
            remedy="缩短要编入二维码的内容（上限 2331 字节）。",
            code="qr_too_long",
        ) from error
    out = io.BytesIO()
    code.save(out, kind="svg", xmldecl=False, svgns=True, border=4, omitsize=True)
    return out.getvalue().decode()
