"""Cards: what lies on a recorder's card, and what its names say.

Whatever is on a card was put there by somebody else: names, links and times are read, never trusted.
"""
