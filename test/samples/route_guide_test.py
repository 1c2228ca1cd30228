#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sample route_guide."""
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import programs
from programs import Server, client, run

FOLDER = Path(__file__).resolve().parents[2] / 'samples' / 'route_guide'
CENTRE = (453547635, -361536141)  # what the client asks for
HALF = (600000, 800000)


def places(text):
    """[(latitude, longitude, name)] of a feature file."""
    lines = [line for line in text.splitlines() if not line.startswith('#')]
    return [(int(a), int(b), name) for a, b, name in (line.split(' ', 2) for line in lines)]


class RouteGuide(unittest.TestCase):
    def test_the_client_shows_what_the_feature_file_has(self):
        near = [name for latitude, longitude, name in places((FOLDER / 'features.txt').read_text('utf-8'))
                if abs(latitude - CENTRE[0]) <= HALF[0] and abs(longitude - CENTRE[1]) <= HALF[1]]
        with Server(self, 'route_guide', '--listen', '127.0.0.1:0') as server:
            shown = client(self, 'route_guide', server.address)
            self.assertIn(': Alder Harbour\n', shown)
            self.assertIn('NOT_FOUND: no feature at this point', shown)
            self.assertIn('  ' + ', '.join(near) + f'\n  {len(near)} places', shown)
            self.assertIn(f'{2 * len(near)} points, {len(near)} of them at a place', shown)
            # Who writes second at a place reads the first.
            found = re.findall(r'read from before: (.*)', shown)
            self.assertEqual(found, ['mind the tide', 'good soup'])
            # The notes stay: the second client reads those of the first as well.
            found = re.findall(r'read from before: (.*)', client(self, 'route_guide', server.address))
            self.assertEqual(found, ['mind the tide', 'the tide is out', 'good soup', 'the soup is out too',
                                     'mind the tide', 'the tide is out', 'mind the tide',
                                     'good soup', 'the soup is out too', 'good soup'])

    def test_the_places_are_found_from_any_directory(self):
        with tempfile.TemporaryDirectory() as elsewhere:
            with Server(self, 'route_guide', '--listen', '127.0.0.1:0', directory=elsewhere) as server:
                self.assertIn('Alder Harbour', client(self, 'route_guide', server.address))

    def test_other_places_can_be_given(self):
        with tempfile.NamedTemporaryFile('w', suffix='.txt') as file:
            file.write(f'# mine\n{CENTRE[0]} {CENTRE[1]} My  Own Place\n')
            file.flush()
            with Server(self, 'route_guide', '--listen', '127.0.0.1:0', '--features', file.name) as server:
                shown = client(self, 'route_guide', server.address)
                self.assertIn(': My  Own Place\n', shown)
                self.assertIn('\n  1 places', shown)

    def test_a_bad_feature_file_is_named_with_its_line(self):
        cases = (('1 2 here\n3 there\n', ':2: '), ('1 2\n', ':1: '), ('9999999999 1 far\n', ':1: '),
                 ('# none\n', 'has no places'))
        for text, expected in cases:
            with self.subTest(text=text), tempfile.NamedTemporaryFile('w', suffix='.txt') as file:
                file.write(text)
                file.flush()
                ended = run('route_guide', 'server', '--listen', '127.0.0.1:0', '--features', file.name)
                self.assertEqual(ended.returncode, 1)
                self.assertIn(file.name, ended.stderr)
                self.assertIn(expected, ended.stderr)
        ended = run('route_guide', 'server', '--listen', '127.0.0.1:0', '--features', '/nowhere/to/be/found.txt')
        self.assertEqual(ended.returncode, 1)
        self.assertIn('/nowhere/to/be/found.txt: No such file', ended.stderr)

    def test_the_feature_file_is_what_its_script_writes(self):
        written = subprocess.run([sys.executable, FOLDER / 'make_features.py'], capture_output=True, timeout=30,
                                 check=True)
        self.assertEqual(written.stdout, (FOLDER / 'features.txt').read_bytes())
        self.assertEqual(len({name for _, _, name in places(written.stdout.decode())}), 320)


if __name__ == '__main__':
    programs.main()
