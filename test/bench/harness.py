# SPDX-License-Identifier: Apache-2.0
"""What every scenario gets: the implementations that are there, interleaved rounds, a list of failures."""

import contextlib
import os

from processes import Failed

QUICK_LIMIT = 25  # seconds, after which there is one round of what is left


class Bench:
    """Passed to `measure` of each scenario.

    children   starts the programs, ends what is left
    directory  where they are; `load` is the generator among them
    seconds    how long one round should be
    rounds     how many there are
    quick      whether --quick was given: short runs
    few_rows   the same without --all-rows
    """

    def __init__(self, options, children, progress, found):
        self.children = children
        self.directory = options.directory
        self.load = os.path.join(options.directory, "load")
        self.seconds = options.seconds or (0.12 if options.quick else 1.0)
        self.rounds = 2 if options.quick else 4
        self.quick = options.quick
        self.few_rows = options.quick and not options.all_rows
        self.progress = progress
        self.all = found
        self.failures = []
        self._quick_until = progress.seconds() + QUICK_LIMIT if self.few_rows else None

    def having(self, *sides):
        """The implementations that have the programs for these sides."""
        return [each for each in self.all if all(getattr(each, side) for side in sides)]

    def named(self, name):
        """The implementation of this name, None when it is not there."""
        return next((each for each in self.all if each.name == name), None)

    def interleaved(self, what, measures):
        """`measures`: name → function that returns one figure. Returns name → list of figures.

        One round goes forwards, the next one backwards, so that a machine that grows slower hits all alike.
        """
        figures = {name: [] for name in measures}
        for turn in range(self.rounds):
            if turn > 0 and self._quick_until and self.progress.seconds() > self._quick_until:
                break
            for name in list(measures) if turn % 2 == 0 else list(reversed(measures)):
                self.progress.say(f"{what}: round {turn + 1} of {self.rounds}, {name}")
                self.attempt(name, lambda: figures[name].append(measures[name]()))
        return {name: each for name, each in figures.items() if each}

    def attempt(self, name, what):
        """What the function returns; None, and a failure of the run, when a program of `name` failed."""
        try:
            return what()
        except Failed as failure:
            self.failures.append(f"{name}: {failure}")
            return None

    def length(self, rate, at_least=1000):
        """How many calls last as long as a round should."""
        return max(int(rate * self.seconds), at_least)

    @contextlib.contextmanager
    def servers(self, core, implementations):
        """The servers of these, ended with the context: implementation → (process, port)."""
        started = {}
        for each in implementations:
            server = self.attempt(each.name, lambda: self.children.start_server(core, each.server))
            if server:
                started[each] = server
        yield started
        for server, _ in started.values():
            self.children.end(server)
