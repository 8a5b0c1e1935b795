import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from prints_samples import a_receipt

from liuhen.core.errors import RefusedError
from liuhen.prints import qr
from liuhen.prints.receipt import receipt_pdf


def test_the_drawing_is_sound_and_differs_with_the_text() -> None:
    assert ElementTree.fromstring(qr.svg("甲")).tag.endswith("svg")
    assert qr.svg("甲") != qr.svg("乙")


def test_a_checkpoint_of_400_bytes_fits() -> None:
    assert qr.svg("— " * 100)


def test_too_long_a_text_is_refused_with_its_size() -> None:
    with pytest.raises(RefusedError, match="3000 字节") as refusal:
        qr.svg("a" * 3000)
    assert refusal.value.code == "qr_too_long"


@pytest.mark.slow
def test_a_reader_gets_the_checkpoint_back_from_the_printed_page(font: object, tmp_path: Path) -> None:
    if shutil.which("zbarimg") is None or shutil.which("pdftoppm") is None:
        pytest.skip("THE QR CODE IS NOT TESTED: apt-get install zbar-tools poppler-utils")
    receipt = a_receipt()
    (tmp_path / "r.pdf").write_bytes(receipt_pdf(receipt))
    subprocess.run(
        ["pdftoppm", "-r", "200", "-png", "-singlefile", "r.pdf", "r"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    read = subprocess.run(["zbarimg", "-q", "--raw", "r.png"], cwd=tmp_path, check=True, capture_output=True)
    assert read.stdout.decode().rstrip("\n") == receipt["qr"]
