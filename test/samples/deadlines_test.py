#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sample deadlines."""
import re
import unittest

import programs
from programs import Server, client


class Deadlines(unittest.TestCase):
    def test_deadline_and_cancel_travel_over_two_hops_in_one_program(self):
        with Server(self, 'deadlines', '--listen', '127.0.0.1:0') as server:
            self.check(client(self, 'deadlines', server.address))

    def test_deadline_and_cancel_travel_over_two_hops_between_two_programs(self):
        with Server(self, 'deadlines', '--listen', '127.0.0.1:0') as back:
            with Server(self, 'deadlines', '--listen', '127.0.0.1:0', '--back', back.address) as front:
                self.check(client(self, 'deadlines', front.address))

    def check(self, shown):
        front, back = (int(re.search(rf'the {hop} is left +(\d+) ms', shown).group(1)) for hop in ('front', 'back'))
        self.assertTrue(0 < front <= 1000, shown)
        self.assertTrue(0 < back <= front - 200, shown)
        self.assertIn("the back's work       finished", shown)
        # Time is read once a turn: a timeout counts from the beginning of the turn in which its call starts.
        self.assertGreaterEqual(int(re.search(r'DEADLINE_EXCEEDED after (\d+) ms', shown).group(1)), 290)
        stops = re.findall(r"the back's work +stopped: (\w+)", shown)
        # At the deadline the Front's reset may be quicker than the Back's own clock.
        self.assertIn(stops[0], ('deadline', 'client_cancelled'))
        self.assertEqual(stops[1:], ['client_cancelled'])
        self.assertIn('the back ticks        1 2 3, and the client cancels', shown)


if __name__ == '__main__':
    programs.main()
