"""Static files under names that change with their content, and compressed copies beside them."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Assets(CompressedManifestStaticFilesStorage):
    """Only addresses in style sheets are followed; links to source maps are left alone, nobody ships them."""

    patterns = (("*.css", (r"""(?P<matched>url\((?P<quote>['"]{0,1})\s*(?P<url>.*?)(?P=quote)\))""",)),)
