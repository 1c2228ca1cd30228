#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes features.txt: the places of an island that does not exist, in the open North Atlantic.

The same places each time: make_features.py > features.txt
"""
import math
import random

PLACES = 320
CENTRE = (45.25, -36.4)  # degrees north, degrees east
RADIUS = (0.34, 0.62)

FIRST = ['Alder', 'Amber', 'Ash', 'Barrow', 'Bell', 'Bracken', 'Brine', 'Clover', 'Copper', 'Crow', 'Dapple',
         'Drift', 'Elder', 'Fennel', 'Fern', 'Flint', 'Gannet', 'Glass', 'Hazel', 'Heron', 'Hollow',
         'Juniper', 'Kestrel', 'Lantern', 'Larch', 'Linnet', 'Mallow', 'Marrow', 'Mist', 'Moss', 'Nettle',
         'Otter', 'Pebble', 'Plover', 'Quill', 'Raven', 'Rowan', 'Saffron', 'Salt', 'Sedge', 'Slate',
         'Sorrel', 'Tallow', 'Tansy', 'Thistle', 'Umber', 'Vetch', 'Whin', 'Willow', 'Wren', 'Yarrow']
SECOND = ['Bay', 'Beacon', 'Bridge', 'Causeway', 'Chapel', 'Cliff', 'Cove', 'Crossing', 'Fell', 'Ferry',
          'Ford', 'Gate', 'Harbour', 'Head', 'Hill', 'Landing', 'Lighthouse', 'Lock', 'Market', 'Meadow',
          'Mill', 'Moor', 'Orchard', 'Pass', 'Point', 'Pond', 'Quarry', 'Ridge', 'Rock', 'Sands', 'Spring',
          'Tower', 'Viaduct', 'Wharf']


def main():
    dice = random.Random(50051)
    names = dice.sample([f'{first} {second}' for first in FIRST for second in SECOND], PLACES)
    print('# Places of an invented island. Written by make_features.py.')
    print('# latitude longitude name, in degrees × 10^7')
    for name in sorted(names):
        angle = dice.uniform(0, 2 * math.pi)
        out = math.sqrt(dice.random())  # evenly over the island, not crowded in its middle
        latitude = CENTRE[0] + RADIUS[0] * out * math.sin(angle)
        longitude = CENTRE[1] + RADIUS[1] * out * math.cos(angle)
        print(round(latitude * 1e7), round(longitude * 1e7), name)


if __name__ == '__main__':
    main()
