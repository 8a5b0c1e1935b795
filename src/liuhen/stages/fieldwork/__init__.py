"""Fieldwork: what happened outside, held against what the recordings themselves admit."""
