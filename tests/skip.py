"""What a unit test raises, with the reason, where it makes no sense on this interpreter."""


class Skip(Exception):
    pass
