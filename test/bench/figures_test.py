#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How figures become verdicts, and labels places in a plot."""

import os
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import accepted
import plots
from requirements import Requirement

ROWS = {
    "one": {"sluice": 2.0, "floor": 1.0, "raw TCP": 4.0, "grpc async": 10.0, "grpc callback": 8.0},
    "two": {"sluice": 3.0},
}


def requirement(row, against, gate, goal=None, at_least=None):
    return Requirement("P0", "", "costs", row, against, gate, goal, at_least=at_least)


class Requirements(unittest.TestCase):
    def check(self, one, figure, verdict, more_is_better=()):
        measured = one.measured({"costs": ROWS}, more_is_better)
        self.assertAlmostEqual(measured, figure)
        self.assertEqual(one.verdict(measured), verdict)

    def test_a_cost_is_a_multiple_of_the_floor(self):
        self.check(requirement("one", "floor", 2.5, 1.5), 2.0, "gate")
        self.check(requirement("one", "floor", 2.5, 2.0), 2.0, "goal")
        self.check(requirement("one", "floor", 1.9), 2.0, "misses the gate")

    def test_a_rival_is_the_best_of_its_family(self):
        self.check(requirement("one", "grpc C++", 4, 5), 4.0, "gate")
        self.check(requirement("one", "grpc C++", 4.1), 4.0, "misses the gate")

    def test_of_a_rate_the_best_is_the_highest(self):
        self.check(requirement("one", "grpc C++", 0.2), 0.2, "gate", {"costs"})
        self.check(requirement("one", "raw TCP", 0.6, at_least=True), 0.5, "misses the gate", {"costs"})

    def test_a_part_of_a_rival_is_an_upper_bound(self):
        self.check(requirement("one", "grpc C++", 0.3, 0.2, at_least=False), 0.25, "gate")

    def test_a_row_can_be_set_against_another(self):
        self.check(requirement("two", "row:one", 1.5), 1.5, "gate")

    def test_a_limit_is_the_figure_itself(self):
        self.check(requirement("two", "limit", 2), 3.0, "misses the gate")
        self.check(requirement("two", "limit", 2, at_least=True), 3.0, "gate")

    def test_what_is_missing_is_not_measured(self):
        one = requirement("one", "tonic", 2)
        self.assertIsNone(one.measured({"costs": ROWS}, ()))
        self.assertIsNone(one.measured({}, ()))
        self.assertEqual(one.verdict(None), "not measured")


class Accepted(unittest.TestCase):
    def test_timing_is_not_compared(self):
        rows = {"allocations, server": {"sluice": 1.0}, "system calls, server": {"sluice": 0.03}}
        wire = {"response": {"sluice": 35.0, "floor": 35.0}}
        found = accepted.ours({"counts": rows, "wire": wire, "server": rows})
        self.assertEqual(found, {"allocations, server": 1.0, "wire, response": 35.0})


class Plots(unittest.TestCase):
    def test_labels_with_units_are_numbers(self):
        for label, number in (("10", 10), ("100k", 1e5), ("0 B", 0), ("64 KiB", 65536), ("16 MiB", 1 << 24)):
            self.assertEqual(plots.number_of(label), number, label)
        for label in ("p50", "4 × 1", "download", "KiB"):
            self.assertIsNone(plots.number_of(label), label)

    def test_a_plot_is_well_formed_and_has_each_name(self):
        rows = {"0 B": {"sluice": 1.0, "a <b>": 0.0}, "1 KiB": {"sluice": 30.0}, "16 MiB": {"sluice": 900.0}}
        drawn = plots.lines("<what>", rows, ["sluice", "a <b>"], "bytes", True)
        words = [each.text for each in xml.etree.ElementTree.fromstring(drawn).iter("text")]
        self.assertIn("a <b>", words)
        self.assertIn("16 MiB", words)
        xml.etree.ElementTree.fromstring(plots.bars("x", rows, ["sluice"]))

    def test_one_row_is_no_line(self):
        self.assertIsNone(plots.lines("", {"1": {"sluice": 1.0}, "p50": {"sluice": 2.0}}, ["sluice"], "", False))


if __name__ == "__main__":
    unittest.main()
