#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sample proxy, between the servers and clients of other samples."""
import re
import unittest

import programs
from programs import Server, client, run


class Proxy(unittest.TestCase):
    def between(self, sample):
        """The sample's client through the proxy to the sample's server."""
        with Server(self, sample, '--listen', '127.0.0.1:0') as upstream:
            with Server(self, 'proxy', '--listen', '127.0.0.1:0', '--upstream', upstream.address) as proxy:
                return client(self, sample, proxy.address), client(self, sample, upstream.address)

    def test_the_four_kinds_pass(self):
        proxied, direct = self.between('route_guide')
        self.assertRegex(proxied, r'(?s)GetFeature: .*\nListFeatures: .*\nRecordRoute: .*\nRouteChat: .*')
        self.assertEqual(re.findall(r'(?m)^\w+: ', proxied), re.findall(r'(?m)^\w+: ', direct))

    def test_deadlines_and_cancels_pass(self):
        shown, _ = self.between('deadlines')
        self.assertIn("the back's work       finished", shown)
        self.assertRegex(shown, r'DEADLINE_EXCEEDED after \d+ ms')
        self.assertIn('stopped: client_cancelled', shown)

    def test_an_upstream_that_is_not_there_is_named(self):
        with Server(self, 'proxy', '--listen', '127.0.0.1:0', '--upstream', 'unix:/nonexistent/socket') as proxy:
            ended = run('hello', 'client', '--target', proxy.address)
            self.assertNotEqual(ended.returncode, 0)
            self.assertIn('UNAVAILABLE', ended.stderr)
            self.assertIn('/nonexistent/socket', ended.stderr)


if __name__ == '__main__':
    programs.main()
