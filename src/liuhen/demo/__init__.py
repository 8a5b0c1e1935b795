"""What `liuhen demo` shows: a card of our own making, no file of anybody else's."""
