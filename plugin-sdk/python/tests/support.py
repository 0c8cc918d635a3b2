"""What the tests share: each begins with a plugin of its own."""

import unittest

from moa import _parts


class PluginTest(unittest.TestCase):
    """The decorators fill a fresh plugin in each test."""

    def setUp(self) -> None:
        before = _parts.current
        _parts.current = _parts.Plugin()
        self.addCleanup(setattr, _parts, "current", before)

    @property
    def manifest(self) -> dict:
        return _parts.current.manifest()

    def args(self, command: int = 0) -> list:
        return self.manifest["commands"][command]["args"]
