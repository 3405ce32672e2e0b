"""Numbers with a unit in the configuration file."""


class Milliseconds(float):
    """A duration; in the file `100`, `100ms`, `1.5s`."""


class Bytes(int):
    """A size; in the file `500000`, `512MB`, `2GB`."""
