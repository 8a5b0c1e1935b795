"""What a regulation says of given facts: packs in, facts in, duties out. No Django, no clock."""
