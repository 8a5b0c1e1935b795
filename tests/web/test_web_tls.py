"""The office's own certificate authority."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from liuhen.base import tls


def server_certificate(home: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((home / "keys/tls/server.crt").read_bytes())


def test_the_authority_stays_and_its_servers_are_checked_by_it(home: Path) -> None:
    first, second = tls.certificates(), tls.certificates()
    assert first == second
    authority = x509.load_pem_x509_certificate(first.authority.read_bytes())
    server_certificate(home).verify_directly_issued_by(authority)


def test_a_new_number_of_the_computer_makes_a_new_certificate_under_the_same_authority(home: Path) -> None:
    before = tls.certificates().fingerprint
    old = server_certificate(home)
    assert tls.certificates("10.20.30.40").fingerprint == before
    told = server_certificate(home).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ipaddress.ip_address("10.20.30.40") in told.get_values_for_type(x509.IPAddress)
    assert "localhost" in told.get_values_for_type(x509.DNSName)
    assert server_certificate(home).serial_number != old.serial_number


def test_a_certificate_is_renewed_a_month_before_its_end(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "_SERVER_DAYS", 20)
    tls.certificates()
    assert server_certificate(home).not_valid_after_utc < datetime.now(UTC) + timedelta(days=21)
    monkeypatch.undo()
    tls.certificates()
    assert server_certificate(home).not_valid_after_utc > datetime.now(UTC) + timedelta(days=300)


def test_a_damaged_authority_is_told_and_not_replaced_silently(home: Path) -> None:
    authority = tls.certificates().authority
    authority.write_text("no certificate")
    with pytest.raises(tls.CertificateError, match="读不出"):
        tls.certificates()
    assert authority.read_text() == "no certificate"
