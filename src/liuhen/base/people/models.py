"""Tables of people.

- An account belongs to one agency; nobody is a superuser.
- A role is granted by two: proposed by the system administrator, confirmed by the security administrator.
- People leave: rows are never deleted (PROTECT), grants and deputies end by date.
"""

from __future__ import annotations

from copy import copy
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q


class Role(models.TextChoices):
    """The roles of MISSION, in the regulations' own words."""

    OFFICER = "officer", "执法人员"
    CUSTODIAN = "custodian", "科室管理员"
    UNIT_HEAD = "unit_head", "科室负责人"
    PRINCIPAL = "principal", "主要负责人"
    LEGAL = "legal", "法制机构"
    ARCHIVIST = "archivist", "档案室"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    SECURITY_ADMIN = "security_admin", "安全管理员"
    AUDITOR = "auditor", "审计管理员"


# Who enforces has a certificate and the staff number that recorders and file names carry.
ENFORCING = (Role.OFFICER, Role.UNIT_HEAD)

# 三员: they keep the system; what was recorded is not theirs to see.
NO_CONTENT = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)


# The agency of generated rows: no bytes and no entries stand behind its recordings, and no office takes its code.
SYNTHETIC = "synthetic"


class Agency(models.Model):
    """An enforcement body; `pack` is the regulation it runs today, `founded_pack` the one it began with."""

    code = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=100)
    pack = models.CharField(max_length=62, blank=True)
    founded_pack = models.CharField(max_length=62, blank=True)
    founded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Unit(models.Model):
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="units")
    code = models.CharField(max_length=12)
    name = models.CharField(max_length=100)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "code"], name="unit_code_once_an_agency")
        ]

    def __str__(self) -> str:
        return self.name


class Officer(models.Model):
    """A person who enforces; `staff_no` is what recorders and file names carry (six characters)."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="officers")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="officers")
    name = models.CharField(max_length=50)
    certificate_no = models.CharField(max_length=40)
    staff_no = models.CharField(max_length=12)
    left_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "staff_no"], name="staff_no_once_an_agency"),
            models.UniqueConstraint(fields=["agency", "certificate_no"], name="certificate_once_an_agency"),
        ]

    def __str__(self) -> str:
        return self.name


class AccountManager(BaseUserManager["Account"]):
    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username=username)


class Account(AbstractBaseUser):
    """Someone who signs in. There is deliberately no superuser flag and no way to add one."""

    class State(models.TextChoices):
        OPEN = "open", "在用"
        CLOSED = "closed", "停用"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="accounts")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="accounts")
    officer = models.OneToOneField(Officer, models.PROTECT, null=True, blank=True, related_name="account")
    username = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=50)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    password_given = models.BooleanField(
        default=False, help_text="somebody else set the password: to be changed at the next sign-in"
    )

    # Set on a copy while a deputy acts: only these of the absent person's roles were lent.
    lent_roles: frozenset[str] | None = None
    # Set on a copy for one transaction of many acts: the roles that were in force at its beginning.
    known_roles: frozenset[str] | None = None

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = AccountManager()

    def __str__(self) -> str:
        return self.name

    def lending(self, roles: frozenset[str]) -> Account:
        """A view of this person that holds nothing but the lent roles."""
        view = copy(self)
        view.lent_roles = roles
        return view

    def holding(self, roles: frozenset[str]) -> Account:
        """A view of this person whose roles have been looked up."""
        view = copy(self)
        view.known_roles = roles
        return view

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        return self.state == self.State.OPEN


class RoleGrant(models.Model):
    class State(models.TextChoices):
        PROPOSED = "proposed", "待确认"
        CONFIRMED = "confirmed", "生效"
        DECLINED = "declined", "不予确认"
        WITHDRAWN = "withdrawn", "已撤销"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="grants")
    account = models.ForeignKey(Account, models.PROTECT, related_name="grants")
    role = models.CharField(max_length=20, choices=Role)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="grants")
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="proposals")
    confirmed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="confirmations")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "role", "unit"],
                condition=Q(state__in=["proposed", "confirmed"]),
                nulls_distinct=False,
                name="one_live_grant_of_a_role",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True)
                | Q(proposed_by__isnull=True)
                | ~Q(confirmed_by=F("proposed_by")),
                name="a_role_is_granted_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}：{self.get_role_display()}"


class Deputy(models.Model):
    """代理: who stands in for whom, in which role, within which dates."""

    class State(models.TextChoices):
        IN_FORCE = "in_force", "有效"
        ENDED = "ended", "已终止"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="deputies")
    absent = models.ForeignKey(Account, models.PROTECT, related_name="deputies")
    deputy = models.ForeignKey(Account, models.PROTECT, related_name="deputyships")
    role = models.CharField(max_length=20, choices=Role)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.IN_FORCE)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_deputy_ends"),
            models.CheckConstraint(condition=~Q(absent=F("deputy")), name="a_deputy_is_another_person"),
        ]

    def __str__(self) -> str:
        return f"{self.deputy} 代 {self.absent}"

    def covers(self, at: datetime) -> bool:
        return self.state == self.State.IN_FORCE and self.starts_at <= at <= self.ends_at


class Paper(models.Model):
    """The scan of a signed paper; its bytes lie under LIUHEN_HOME/papers by digest."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="papers")
    sha256 = models.CharField(max_length=64)
    sm3 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    name = models.CharField(max_length=255)
    kept_by = models.ForeignKey(Account, models.PROTECT, related_name="papers")
    kept_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "sha256"], name="a_paper_once_an_agency")
        ]

    def __str__(self) -> str:
        return self.name
