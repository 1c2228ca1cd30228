#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""chat_test.py SERVER CLIENT: people come, talk and go; one does not read; the room closes."""

import subprocess
import sys
import threading
import unittest

SERVER, CLIENT = sys.argv[1:3]
LINE = 'x' * 4000
BACKLOG = 16
ENOUGH_LINES = 2000  # far more than the windows of the sleeper's connection hold


class Program:
    """A program of the sample, with its lines to be waited for."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, bufsize=1)
        self.watchdog = threading.Timer(30, self.process.kill)  # then the reads below come to their end
        self.watchdog.start()

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError('ended: ' + self.process.stderr.read())
        return line.rstrip('\n')

    def say(self, text):
        self.process.stdin.write(text + '\n')

    def leave(self):
        """Ends the input: (exit code, the rest of the output, the errors)."""
        out, errors = self.process.communicate()
        self.watchdog.cancel()
        return self.process.returncode, out, errors

    def end(self):
        self.process.kill()
        self.leave()


class Chat(unittest.TestCase):
    def setUp(self):
        self.server = self.start(SERVER, '--listen', '127.0.0.1:0', '--backlog', str(BACKLOG))
        self.target = self.server.line().removeprefix('listening on ')

    def start(self, *command):
        program = Program(*command)
        self.addCleanup(program.end)
        return program

    def member(self, name, *options):
        return self.start(CLIENT, '--target', self.target, '--name', name, *options)

    def test_people_come_talk_and_go(self):
        ada = self.member('Ada')
        self.assertEqual(ada.line(), '* Ada joined')
        bob = self.member('Bob', '--say', 'Good morning')
        self.assertEqual(ada.line(), '* Bob joined')
        self.assertEqual(ada.line(), 'Bob: Good morning')
        ada.say('Hello, Bob')
        self.assertEqual(ada.line(), 'Ada: Hello, Bob')
        self.assertEqual([bob.line() for _ in range(3)], ['* Bob joined', 'Bob: Good morning', 'Ada: Hello, Bob'])
        self.assertEqual(bob.leave(), (0, '', ''))
        self.assertEqual(ada.line(), '* Bob left')
        self.assertEqual(ada.leave(), (0, '', ''))

    def test_a_lost_client_has_left(self):
        ada = self.member('Ada')
        self.assertEqual(ada.line(), '* Ada joined')
        bob = self.member('Bob')
        self.assertEqual(ada.line(), '* Bob joined')
        bob.process.kill()
        self.assertEqual(ada.line(), '* Bob left')

    def test_a_name_is_given_once(self):
        ada = self.member('Ada')
        self.assertEqual(ada.line(), '* Ada joined')
        self.assertEqual(self.member('Ada').leave(),
                         (1, '', 'client: ALREADY_EXISTS: somebody called Ada is here\n'))
        code, _, errors = self.member('').leave()
        self.assertEqual((code, errors), (1, 'client: INVALID_ARGUMENT: the first line says who joins\n'))
        code, _, errors = self.member('Bob', '--say', 'x' * 4097).leave()
        self.assertEqual((code, errors), (1, 'client: INVALID_ARGUMENT: a line is longer than 4096 bytes\n'))

    def talk_until_the_sleeper_is_dropped(self, ada):
        """How many lines that took."""
        for said in range(1, ENOUGH_LINES):
            ada.say(LINE)
            line = ada.line()
            if line == '* Sleeper left':
                self.assertEqual(ada.line(), 'Ada: ' + LINE)
                return said
            self.assertEqual(line, 'Ada: ' + LINE)
        self.fail(f'still there after {ENOUGH_LINES} lines')

    def test_a_slow_reader_holds_up_nobody_and_is_dropped(self):
        ada = self.member('Ada')
        self.assertEqual(ada.line(), '* Ada joined')
        sleeper = self.member('Sleeper', '--asleep')
        self.assertEqual(ada.line(), '* Sleeper joined')
        said = self.talk_until_the_sleeper_is_dropped(ada)
        ada.say('the others go on')
        self.assertEqual(ada.line(), 'Ada: the others go on')
        # Awake, it gets what was under way, and then why it has been dropped.
        code, out, errors = sleeper.leave()
        heard = out.splitlines()
        self.assertEqual(heard[0], '* Sleeper joined')
        self.assertEqual(set(heard[1:]), {'Ada: ' + LINE})
        self.assertGreater(len(heard), BACKLOG)
        self.assertLessEqual(len(heard), said)
        self.assertEqual((code, errors), (1, 'client: RESOURCE_EXHAUSTED: you read too slowly\n'))
        self.assertEqual(ada.leave(), (0, '', ''))

    def test_a_slow_reader_may_be_lost_after_it_has_been_dropped(self):
        ada = self.member('Ada')
        self.assertEqual(ada.line(), '* Ada joined')
        sleeper = self.member('Sleeper', '--asleep')
        self.assertEqual(ada.line(), '* Sleeper joined')
        self.talk_until_the_sleeper_is_dropped(ada)
        sleeper.process.kill()
        sleeper.leave()
        ada.say('the others go on')
        self.assertEqual(ada.line(), 'Ada: the others go on')
        self.assertEqual(ada.leave(), (0, '', ''))
        self.server.process.terminate()
        self.assertEqual(self.server.leave(), (0, '', ''))

    def test_the_room_closes_when_the_server_is_terminated(self):
        ada = self.member('Ada')
        self.assertEqual(ada.line(), '* Ada joined')
        self.server.process.terminate()
        code, _, errors = self.server.leave()
        self.assertEqual((code, errors), (0, ''))
        ada.process.wait(20)
        self.assertEqual(ada.leave(), (1, '', 'client: UNAVAILABLE: the room closes\n'))

    def test_both_explain_themselves(self):
        for program in (SERVER, CLIENT):
            shown = subprocess.run([program, '--help'], capture_output=True, text=True, timeout=10)
            self.assertEqual(shown.returncode, 0)
            self.assertIn('chat.Room', shown.stdout)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
