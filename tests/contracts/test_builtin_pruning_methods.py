"""The contract of pruning methods, held by every built-in."""

from __future__ import annotations

from persopt.pruning.builtin.gradient import Gradient
from persopt.pruning.builtin.lottery_ticket import LotteryTicket, LotteryTicketOptions
from persopt.pruning.builtin.magnitude import Magnitude, MagnitudeOptions
from persopt.pruning.builtin.movement import Movement
from persopt.pruning.builtin.random import RandomPruning
from persopt.pruning.builtin.wanda import Wanda
from persopt.testing import PruningMethodCase


class TestMagnitude(PruningMethodCase):
    method = Magnitude()
    option_sets = (MagnitudeOptions(norm="l2"),)


class TestGradient(PruningMethodCase):
    method = Gradient()


class TestRandom(PruningMethodCase):
    method = RandomPruning()


class TestWanda(PruningMethodCase):
    method = Wanda()


class TestMovement(PruningMethodCase):
    method = Movement()


class TestLotteryTicket(PruningMethodCase):
    method = LotteryTicket()
    option_sets = (LotteryTicketOptions(criterion="magnitude-increase"),)
