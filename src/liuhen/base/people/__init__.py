"""Agencies, units, officers, accounts, roles; "who is this to that?"."""
