"""That LAMP keeps the contract of pruning methods."""

from __future__ import annotations

from persopt_lamp import Lamp, LampOptions

from persopt.testing import PruningMethodCase


class TestLamp(PruningMethodCase):
    method = Lamp()
    option_sets = (LampOptions(power=1.0),)
