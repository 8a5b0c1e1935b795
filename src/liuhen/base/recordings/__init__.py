"""The record of one original file: its row, its copies, its findings, its `record.json`."""
