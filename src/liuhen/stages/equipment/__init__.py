"""领用、归还、使用前检查: who had which device when, and whether it was fit to record."""
