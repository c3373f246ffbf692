"""Billing's rules; no input or output."""
