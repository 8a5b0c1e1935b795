"""Finding recordings among a million: what lists, searches and counts stand on.

- `rows.py` follows the recordings: one narrow row, one counter and the search words of each, in its transaction.
- `filters.py` is a list's whole state as a URL carries it; `understand.py` reads the search box.
- `query.py` puts person, filters and box together; `page.py` and `facets.py` answer from it.
"""
