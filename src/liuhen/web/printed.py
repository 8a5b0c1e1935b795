"""A register as sheets of A4: title, unit, date, who printed it, and page numbers on every sheet.

- The sheets are laid out here, not by the browser: older engines cannot number pages themselves. A row takes
  as many lines as its fullest cell; a sheet takes LINES of them.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from liuhen.base.basis import SYSTEM
from liuhen.core.errors import UsageError

from .registers import Column, Listing, local_text

MOST_ROWS = 5_000
LINES = 36  # of the table on a landscape sheet
WIDE = 78  # full-width characters of 9 pt across the sheet, padding taken off


def printed(listing: Listing) -> HttpResponse:
    """Raises UsageError for more than anybody prints."""
    count = listing.count()
    if count > MOST_ROWS:
        raise UsageError(
            f"选出的内容有 {count} 行，一次最多打印 {MOST_ROWS} 行。",
            remedy="请缩小筛选范围后分次打印，或导出 Excel。",
            basis=SYSTEM,
        )
    shares = shares_of(listing.columns)
    sheets = sheets_of(listing, shares)
    heads = [
        {"column": column, "share": share} for column, share in zip(listing.columns, shares, strict=True)
    ]
    context = {"listing": listing, "sheets": sheets, "heads": heads, "count": count}
    return render(listing.request, "register_print.html", context)


def shares_of(columns: list[Column]) -> list[int]:
    """Whole percents of the sheet's width, in proportion to the widths, each at least 3."""
    total = sum(column.width for column in columns) or 1
    shares = [max(3, round(100 * column.width / total)) for column in columns]
    shares[shares.index(max(shares))] += 100 - sum(shares)
    return shares


def sheets_of(listing: Listing, shares: list[int]) -> list[list[list[Any]]]:
    """Rows of cells, sheet by sheet; an empty register is one empty sheet."""
    sheets: list[list[list[Any]]] = [[]]
    used = 0
    for number, row in enumerate(listing.all_rows(), start=1):
        cells = [local_text(column.value(row)) for column in listing.columns]
        need = max(lines_of(text, share) for text, share in zip(cells, shares, strict=True))
        if sheets[-1] and used + need > LINES:
            sheets.append([])
            used = 0
        sheets[-1].append([number, list(zip(cells, listing.columns, strict=True))])
        used += need
    return sheets


def lines_of(text: str, share: int) -> int:
    """How many lines a text takes in a column of that share of the width."""
    room = max(1, WIDE * share // 100 - 1)
    wide = sum(2 if unicodedata.east_asian_width(one) in "WFA" else 1 for one in text)
    return max(1, -(-wide // (2 * room)))
