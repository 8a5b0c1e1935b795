"""Every page there is, and who looks at it: the pictures of docs/handbook and the checks of every page use this list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace


@dataclass(frozen=True)
class Seen:
    """One page: its route, who opens it, the name of its picture, and the address in a given office."""

    route: str
    who: str | None
    picture: str
    address: str | Callable[[SimpleNamespace], str]


WHAT_IF = (
    "/rules/what-if/?pack=jinjiang-agri&ended_at=2026-03-13T17:00:00&recorded=2026-03-13T16:58:00"
    "&events=complaint&cause=device_fault&stopped_at=2026-03-13T15:00:00"
)

PAGES = (
    Seen("account_login", None, "sign-in", "/sign-in/"),
    Seen("home", "custodian", "home-custodian", "/"),
    Seen("home", "officer", "home-officer", "/"),
    Seen("health", "custodian", "health", "/health/"),
    Seen("ingest", "custodian", "ingest", "/ingest/"),
    Seen("receipts", "custodian", "receipts", "/receipts/"),
    Seen("receipt", "custodian", "receipt", lambda it: f"/receipts/{it.receipt}/"),
    Seen("recordings", "custodian", "recordings", "/recordings/"),
    Seen("recordings", "custodian", "recordings-grid", "/recordings/?view=grid"),
    Seen("recordings", "custodian", "recordings-print", "/recordings/?as=print"),
    Seen("recordings_to_assign", "custodian", "to-assign", "/recordings/to-assign/"),
    Seen("recordings_unrelated", "legal", "unrelated", "/recordings/unrelated/"),
    Seen("recording", "legal", "recording", lambda it: f"/recordings/{it.film}/"),
    Seen("recording", "legal", "recording-photo", lambda it: f"/recordings/{it.photo}/"),
    Seen("activities", "custodian", "activities", "/activities/"),
    Seen("activity_new", "officer", "activity-new", "/activities/new/"),
    Seen("activity_tell", "officer", "activity-tell", lambda it: f"/activities/{it.activity}/tell/"),
    Seen("activities_unmatched", "custodian", "activities-unmatched", "/activities/recordings/"),
    Seen("activities_empty", "custodian", "activities-empty", "/activities/empty/"),
    Seen("ledger", "auditor", "ledger", "/ledger/"),
    Seen("ledger_entry", "auditor", "ledger-entry", "/ledger/20/"),
    Seen("ledger_paper", "auditor", "ledger-paper", "/ledger/paper/"),
    Seen("ledger_witnesses", "auditor", "witnesses", "/ledger/witnesses/"),
    Seen("ledger_compare", "auditor", "witness-compare", "/ledger/witnesses/compare/"),
    Seen("ledger_cosign", "auditor", "witness-cosign", "/ledger/witnesses/cosign/"),
    Seen("ledger_accept", "auditor", "witness-accept", "/ledger/witnesses/accept/"),
    Seen("deadlines", "custodian", "deadlines", "/deadlines/?state=met"),
    Seen("deadlines_shortenings", "principal", "shortenings", "/deadlines/shortenings/"),
    Seen("rules", "legal", "rules", "/rules/"),
    Seen("rules_regulation", "legal", "regulation", "/rules/regulation/jinjiang-agri/"),
    Seen(
        "rules_compare",
        "legal",
        "regulations-compared",
        "/rules/compare/?one=jinjiang-agri&other=baofeng-forestry",
    ),
    Seen("rules_what_if", "legal", "what-if", WHAT_IF),
    Seen("rules_versions", "legal", "versions", "/rules/versions/"),
    Seen("rules_adopt", "legal", "adopt", "/rules/adopt/"),
    Seen("rules_wizard", "legal", "wizard", "/rules/wizard/"),
    Seen("rules_rulings", "legal", "rulings", "/rules/rulings/?pack=ankang-agri"),
    Seen(
        "rules_rule",
        "legal",
        "rule",
        "/rules/regulation/baofeng-forestry/rule/handover_no_hours/",
    ),
    Seen("rules_fill", "legal", "fill", "/rules/regulation/baofeng-forestry/fill/notice_script/"),
    Seen("rules_calendar", "legal", "calendar", "/rules/calendar/?year=2026"),
    Seen("devices", "custodian", "devices", "/devices/"),
    Seen("devices", "custodian", "devices-print", "/devices/?as=print"),
    Seen("device", "custodian", "device", "/devices/1/"),
    Seen("device_continuity", "custodian", "device-continuity", "/devices/1/continuity/"),
    Seen("device_new", "custodian", "device-new", "/devices/new/"),
    Seen("device_correct", "custodian", "device-correct", "/devices/1/correct/"),
    Seen("device_check", "custodian", "device-check", "/devices/1/check/"),
    Seen("device_issue", "custodian", "device-issue", "/devices/1/issue/"),
    Seen("device_return", "custodian", "device-return", lambda it: f"/devices/{it.out}/return/"),
    Seen("devices_import", "custodian", "devices-import", "/devices/import/"),
    Seen("device_labels", "custodian", "device-labels", "/devices/labels/"),
    Seen("equipment", "custodian", "equipment", "/equipment/"),
    Seen("equipment_standard", "custodian", "equipment-standard", "/equipment/standard/"),
    Seen("equipment_unheld", "custodian", "equipment-unheld", "/equipment/unheld/"),
    Seen("use_register", "custodian", "use-register", "/use-register/"),
    Seen("field", "officer", "field", "/field/"),
    Seen(
        "field_activity",
        "officer",
        "field-begin",
        "/field/00000000-0000-4000-8000-000000000001/?new=1&device=4701A01",
    ),
    Seen("field_handed", "custodian", "field-handed", "/field/handed/"),
    Seen("field_refused", "custodian", "field-refused", "/field/refused/"),
    Seen("device_scan", "officer", "device-scan", "/d/1/"),
    Seen("units", "sysadmin", "units", "/units/"),
    Seen("unit_new", "sysadmin", "unit-new", "/units/new/"),
    Seen("unit_rename", "sysadmin", "unit-rename", lambda it: f"/units/{it.unit}/rename/"),
    Seen("officers", "sysadmin", "officers", "/officers/"),
    Seen("officer", "sysadmin", "officer", "/officers/1/"),
    Seen("officer_correct", "sysadmin", "officer-correct", "/officers/1/correct/"),
    Seen("accounts", "sysadmin", "accounts", "/accounts/"),
    Seen("account", "sysadmin", "account", "/accounts/1/"),
    Seen("account_new", "sysadmin", "account-new", "/accounts/new/"),
    Seen("grants", "secadmin", "grants", "/grants/"),
    Seen("failures", "secadmin", "sign-in-failures", "/sign-in-failures/"),
    Seen("deputies", "principal", "deputies", "/deputies/"),
    Seen("deputy_new", "principal", "deputy-new", "/deputies/new/"),
    Seen("stores", "sysadmin", "stores", "/stores/"),
    Seen(
        "profiles",
        "custodian",
        "card-profiles",
        "/card-profiles/?names=A000001_000012_20260716093000_0001.mp4",
    ),
    Seen("usersessions_list", "officer", "my-account", "/account/"),
    Seen("mfa_index", "officer", "second-factor", "/account/second-factor/"),
    Seen("", "custodian", "not-there", "/nowhere/"),
)

# Fragments, bytes, buttons, and pages that only a flow of steps leads to: the stories beside this one see those.
OTHER = frozenset(
    {
        *("healthz", "ingest_tiles", "ingest_waiting", "ingest_start", "ingest_cancel", "ingest_again"),
        *("upload_new", "upload", "upload_close", "upload_drop", "upload_files", "upload_file"),
        *("receipt_paper", "ledger_report", "ledger_verify", "ledger_raw", "ledger_proof"),
        *("device_care", "device_labels_pdf", "devices_template", "devices_import_confirm"),
        *("equipment_signature", "officer_leave", "account_propose", "account_close", "account_password"),
        *("account_second_factor", "grant_decide", "deputy_end"),
        *("recordings_selected", "recordings_assign", "recordings_assigning"),
        *("content", "content_named", "recording_download", "recording_export", "recording_snapshot"),
        *("recording_assign", "recording_preparing", "recording_flag", "unrelated_handle"),
        *("deadlines_approve", "deadlines_uphold"),
        *("activity_void", "activity_match", "activity_unmatch", "mark_recording", "mark_withdraw"),
        *("rules_confirm", "rules_download", "rules_withdraw"),
        *("field_new", "field_state", "field_entries", "field_again", "field_handle"),
        *("account_logout", "account_change_password", "account_reauthenticate", "account_inactive"),
        *("mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp"),
        *("mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes"),
        *("socialaccount_login_cancelled", "socialaccount_login_error"),
    }
)
