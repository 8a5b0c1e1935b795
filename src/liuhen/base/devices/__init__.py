"""Recorders, docks and stores: what they are, who keeps them, how far their clocks are off."""
