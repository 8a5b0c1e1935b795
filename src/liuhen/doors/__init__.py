"""What pages and API share: refusals with their status, pages of a list, ranges of bytes. Doors do not import each other."""
