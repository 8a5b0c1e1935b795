"""Paper: what the system prints, as PDF and as plain text.

- One wrapper, `pdf.render`, owns typst; one, `qr.svg`, owns segno; one, `fonts.print_font`, finds the font.
- Templates are files of this folder. Data reaches them as JSON, never as source.
- Knows no Django, no database and no clock; uses liuhen.core.errors alone.
"""
