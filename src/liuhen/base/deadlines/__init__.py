"""Deadlines and retention: the ledger read through the regulation in force. Knows no stage."""
