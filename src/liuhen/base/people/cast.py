"""The fixed cast: the same people in every test and in the demo, each with one meaning.

Everyone is granted their role by two, as in a real office; the stranger belongs to another agency.
"""

from __future__ import annotations

from datetime import datetime

from liuhen.base.ledger import publish

from . import services
from .models import Account, Agency, Role
from .services import Person

AGENCY = "demo"
STRANGER_AGENCY = "other"

# username, name, role, certificate number, staff number (None: not an enforcement officer)
PEOPLE: tuple[tuple[str, str, Role, str | None, str | None], ...] = (
    ("officer", "林一鸣", Role.OFFICER, "35058200001", "100001"),
    ("officer2", "陈思远", Role.OFFICER, "35058200002", "100002"),
    ("custodian", "王晓兰", Role.CUSTODIAN, None, None),
    ("head", "周建国", Role.UNIT_HEAD, "35058200003", "100003"),
    ("principal", "郑海峰", Role.PRINCIPAL, None, None),
    ("legal", "吴静", Role.LEGAL, None, None),
    ("archivist", "黄文萍", Role.ARCHIVIST, None, None),
    ("auditor", "孙立", Role.AUDITOR, None, None),
)
SYSTEM = Person("sysadmin", "李工")
SECURITY = Person("secadmin", "赵安")


def usernames() -> list[str]:
    """Everyone in the demo agency."""
    return [SYSTEM.username, SECURITY.username, *(row[0] for row in PEOPLE)]


def assemble(at: datetime) -> Agency:
    """The demo agency with its whole cast, and the stranger's agency."""
    with publish.batched():
        agency = services.found_office(
            code=AGENCY,
            name="示范县农业农村局",
            pack="jinjiang-agri",
            unit=("350582000001", "综合行政执法大队"),
            system=SYSTEM,
            security=SECURITY,
            at=at,
        )
        for row in PEOPLE:
            _enter(agency, *row, at=at)
        _stranger(at)
    return agency


def _enter(
    agency: Agency,
    username: str,
    name: str,
    role: Role,
    certificate: str | None,
    staff: str | None,
    *,
    at: datetime,
) -> None:
    system, security = Account.objects.get(username="sysadmin"), Account.objects.get(username="secadmin")
    unit = agency.units.get()
    officer = None
    if certificate and staff:
        officer = services.enter_officer(unit, name, certificate, staff, by=system, at=at)
    account = services.open_account(unit, Person(username, name), officer=officer, by=system, at=at)
    grant = services.propose_role(account, role, by=system, at=at)
    services.confirm_role(grant, by=security, at=at)


def _stranger(at: datetime) -> None:
    agency = services.found_office(
        code=STRANGER_AGENCY,
        name="邻县林业局",
        pack="baofeng-forestry",
        unit=("410421000001", "林政股"),
        system=Person("other-sysadmin", "何工"),
        security=Person("other-secadmin", "马安"),
        at=at,
    )
    system = Account.objects.get(username="other-sysadmin")
    account = services.open_account(agency.units.get(), Person("stranger", "钱外"), by=system, at=at)
    grant = services.propose_role(account, Role.CUSTODIAN, by=system, at=at)
    services.confirm_role(grant, by=Account.objects.get(username="other-secadmin"), at=at)
