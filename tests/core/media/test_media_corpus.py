"""Every finding has a file that shows it: the folder's name is the code expected."""

from __future__ import annotations

import json

import pytest
from corpus.media.media_corpus import CORPUS, ELSEWHERE

from liuhen.core.media.contract import blank
from liuhen.core.media.findings import FINDINGS


def test_every_finding_has_an_example() -> None:
    assert set(CORPUS) | set(ELSEWHERE) == set(FINDINGS)


UNREADABLE = {
    "zero_byte",
    "unreadable",
    "not_media",
    "truncated",
    "undecodable",
    "no_streams",
    "decompression_bomb",
    "jpeg_truncated",
    "chunk_out_of_range",
}


@pytest.mark.parametrize("code", sorted(CORPUS))
def test_the_folder_name_is_the_finding_and_only_what_decodes_is_readable(code, tmp_path, probe) -> None:
    folder = tmp_path / code
    folder.mkdir()
    result = probe(CORPUS[code](folder))
    assert code in {finding["code"] for finding in result["findings"]}
    assert result["readable"] is (code not in UNREADABLE)
    assert result.keys() == blank("", 0, "").keys()
    assert json.loads(json.dumps(result, allow_nan=False)) == result
