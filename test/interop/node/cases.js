// SPDX-License-Identifier: Apache-2.0
'use strict';

const { grpc, pattern } = require('./pattern');

const DEADLINE = 15000;
const MIB = 1024 * 1024;
const MESSAGE = 'naïve ☃ 100% "数据" 🦀\nend';
const KINDS = ['Unary', 'Download', 'Upload', 'Chat'];

const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function expect(fact, why) {
  if (!fact) throw new Error(why);
}

function check(answer, size, received, index = 0) {
  expect(answer.payload.equals(pattern(size)),
    `answer ${index}: ${answer.payload.length} bytes, not ${size} of the pattern`);
  expect(answer.received_bytes === received,
    `the server got ${answer.received_bytes} bytes, not ${received}`);
  expect(answer.index === index, `answer ${answer.index} where ${index} was due`);
  expect(!answer.corrupt, 'the request came to the server corrupt');
}

// One call of any kind: `answers` as they come, `initial` metadata, and a promise of the final status.
class Call {
  constructor(peer, kind, request, { timeout = DEADLINE, metadata = new grpc.Metadata() } = {}) {
    this.answers = [];
    this.waiting = [];
    this.ended = new Promise((resolve) => { this.end = resolve; });
    const options = { deadline: Date.now() + timeout };
    // A failed single answer comes with its status in any case; the callback has the answer alone.
    const single = (error, answer) => { if (!error) this.take(answer); };
    if (kind === 'Unary') this.call = peer.Unary(request, metadata, options, single);
    if (kind === 'Download') this.call = peer.Download(request, metadata, options);
    if (kind === 'Upload') this.call = peer.Upload(metadata, options, single);
    if (kind === 'Chat') this.call = peer.Chat(metadata, options);
    if (kind === 'Download' || kind === 'Chat') {
      this.call.on('data', (answer) => this.take(answer));
      this.call.on('error', () => {}); // the same as the status
    }
    this.call.on('metadata', (initial) => { this.initial = initial; });
    this.call.on('status', (status) => {
      this.status = status;
      this.wake();
      this.end(status);
    });
    if (request && (kind === 'Upload' || kind === 'Chat')) this.call.write(request);
  }

  take(answer) {
    this.answers.push(answer);
    this.wake();
  }

  wake() {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  // The answer of this index, as soon as it is here.
  async answer(index) {
    while (this.answers.length <= index) {
      expect(!this.status, `ended before answer ${index}: ${this.status && this.status.details}`);
      await new Promise((resolve) => this.waiting.push(resolve));
    }
    return this.answers[index];
  }

  halfClose() {
    if (this.call.end && this.call.write) this.call.end();
  }

  // The final status, which must have this code.
  async expectCode(code) {
    const status = await this.ended;
    expect(status.code === code,
      `${grpc.status[status.code]} (${status.details}), not ${grpc.status[code]}`);
    return status;
  }

  // Everything up to the end with OK: exactly these answers.
  async expectAnswers(count, size, received) {
    await this.expectCode(grpc.status.OK);
    this.checkAnswers(count, size, received);
  }

  checkAnswers(count, size, received) {
    expect(this.answers.length === count, `${this.answers.length} answers, not ${count}`);
    this.answers.forEach((answer, index) => check(answer, size, received, index));
  }
}

// The reason of a failure, with the kind of call before it.
async function each(kind, promise) {
  try {
    return await promise;
  } catch (error) {
    throw new Error(`${kind}: ${error.message}`);
  }
}

async function unary(peer, size) {
  const call = new Call(peer, 'Unary', { payload: pattern(size), response_size: size });
  await call.expectAnswers(1, size, size);
}

async function counts(peer) {
  return new Promise((resolve, reject) => {
    peer.Counts({}, new grpc.Metadata(), { deadline: Date.now() + DEADLINE },
      (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

// Asks the server until the fact holds, for 5 s at most.
async function until(peer, fact, why) {
  for (const end = Date.now() + 5000; ;) {
    const seen = await counts(peer);
    if (fact(seen)) return;
    expect(Date.now() < end, `${why}: ${seen.cancelled} cancelled, ${seen.sleeping} sleeping`);
    await later(10);
  }
}

async function download(peer, count, size) {
  const call = new Call(peer, 'Download', { response_count: count, response_size: size });
  await call.expectAnswers(count, size, 0);
}

async function upload(peer) {
  const small = { payload: pattern(1000) };
  for (const requests of [[...Array(100).fill(small), { payload: pattern(3 * MIB) }], []]) {
    const call = new Call(peer, 'Upload');
    for (const request of requests) call.call.write(request);
    call.halfClose();
    const total = requests.reduce((sum, request) => sum + request.payload.length, 0);
    await call.expectAnswers(1, 0, total);
    const got = call.answers[0].received_count;
    expect(got === requests.length, `the server got ${got} requests, not ${requests.length}`);
  }
}

async function chatPingPong(peer) {
  const call = new Call(peer, 'Chat');
  for (let i = 0; i < 20; i += 1) {
    call.call.write({ payload: pattern(i), response_size: 100 * i, response_count: 1 });
    check(await call.answer(i), 100 * i, i, i);
  }
  call.halfClose();
  await call.expectCode(grpc.status.OK);
  expect(call.answers.length === 20, `${call.answers.length} answers, not 20`);
}

async function chatHalfCloseAtOnce(peer) {
  for (const writes of [0, 5]) {
    const call = new Call(peer, 'Chat');
    for (let i = 0; i < writes; i += 1) {
      call.call.write({ payload: pattern(10), response_size: 20, response_count: 2 });
    }
    call.halfClose();
    await call.expectAnswers(2 * writes, 20, 10);
  }
}

async function metadata(peer) {
  const initial = ['first', 'second'];
  const bytes = [[...Array(256).keys()], [0xff], [0x80, 0xfe], [0, 1, 2]];
  const trailing = bytes.map((value) => Buffer.from(value));
  const sent = new grpc.Metadata();
  for (const value of initial) sent.add('x-echo-initial', value);
  for (const value of trailing) sent.add('x-echo-trailing-bin', value);
  const same = (a, b) => a.length === b.length
    && a.every((value, i) => Buffer.from(value).equals(Buffer.from(b[i])));
  const one = async (kind) => {
    const call = new Call(peer, kind, { response_count: 1 }, { metadata: sent });
    call.halfClose();
    const status = await call.expectCode(grpc.status.OK);
    const gotInitial = call.initial.get('x-echo-initial').flatMap((list) => list.split(/, */));
    expect(same(gotInitial, initial), `initial metadata ${gotInitial}`);
    const gotTrailing = status.metadata.get('x-echo-trailing-bin');
    expect(same(gotTrailing, trailing),
      `trailing metadata ${gotTrailing.map((value) => value.toString('hex'))}`);
  };
  for (const kind of KINDS) await each(kind, one(kind));
}

async function status(peer) {
  const one = async (kind, code, count) => {
    const call = new Call(peer, kind, { response_count: count, status: { code, message: MESSAGE } });
    call.halfClose();
    const { details } = await call.expectCode(code);
    expect(details === MESSAGE, `message ${JSON.stringify(details)}`);
    call.checkAnswers(count, 0, 0);
  };
  for (let code = 1; code <= 16; code += 1) await each(`code ${code}`, one('Unary', code, 0));
  for (const [i, kind] of KINDS.entries()) await each(kind, one(kind, 9, [0, 2, 0, 1][i]));
}

async function unimplemented(peer, absent) {
  for (const method of [peer.Missing.bind(peer), absent.Nothing.bind(absent)]) {
    const error = await new Promise((resolve) => {
      method({}, new grpc.Metadata(), { deadline: Date.now() + DEADLINE }, (failure) => resolve(failure));
    });
    expect(error && error.code === grpc.status.UNIMPLEMENTED, `${error && error.message}, not UNIMPLEMENTED`);
  }
  await unary(peer, 1);
}

async function deadline(peer) {
  const before = await counts(peer);
  for (const kind of KINDS) {
    const begun = Date.now();
    const call = new Call(peer, kind, { sleep_until_cancelled: true }, { timeout: 300 });
    await each(kind, call.expectCode(grpc.status.DEADLINE_EXCEEDED));
    const took = Date.now() - begun;
    expect(took >= 250 && took <= 2000, `${kind}: over after ${took} ms`);
  }
  await until(peer, (seen) => seen.cancelled === before.cancelled + 4, 'the server did not see all 4 end');
}

async function cancel(peer) {
  const one = async (kind) => {
    const before = await counts(peer);
    const call = new Call(peer, kind, { response_count: 1, sleep_until_cancelled: true });
    if (kind === 'Download' || kind === 'Chat') check(await call.answer(0), 0, 0);
    await until(peer, (seen) => seen.sleeping === before.sleeping + 1, 'the server did not sleep');
    const begun = Date.now();
    call.call.cancel();
    await call.expectCode(grpc.status.CANCELLED);
    expect(Date.now() - begun < 2000, 'over only after 2 s');
    await until(peer, (seen) => seen.cancelled === before.cancelled + 1, 'the server saw no cancel');
  };
  for (const kind of KINDS) await each(kind, one(kind));
}

async function hundredAtOnce(peer) {
  const hundred = [...Array(100).keys()];
  await Promise.all(hundred.map(async (i) => {
    const call = new Call(peer, 'Unary', { payload: pattern(i), response_size: i, delay_ms: 100 });
    await call.expectAnswers(1, i, i);
  }));
  const chats = hundred.map((i) => new Call(peer, 'Chat', {
    payload: pattern(i), response_size: i, response_count: 1,
  }));
  await Promise.all(chats.map((call) => call.answer(0)));
  await Promise.all(chats.map((call, i) => {
    call.halfClose();
    return call.expectAnswers(1, i, i);
  }));
}

async function overLimit(peer) {
  for (const request of [{ payload: pattern(5 * MIB) }, { response_size: 5 * MIB }]) {
    await new Call(peer, 'Unary', request).expectCode(grpc.status.RESOURCE_EXHAUSTED);
  }
  await unary(peer, 1);
}

// The serialised size is not to be had here; every field at its default is 0 bytes in proto3.
async function unaryEmpty(peer) {
  const call = new Call(peer, 'Unary', {});
  await call.expectAnswers(1, 0, 0);
  expect(call.answers[0].received_count === 0, 'a count in an empty answer');
}

module.exports = {
  unary_empty: unaryEmpty,
  unary_1: (peer) => unary(peer, 1),
  unary_64k: (peer) => unary(peer, 65536),
  unary_3m: (peer) => unary(peer, 3 * MIB),
  download: async (peer) => {
    await download(peer, 100, 1000);
    await download(peer, 0, 1000);
  },
  download_3m: (peer) => download(peer, 4, 3 * MIB),
  upload,
  chat_ping_pong: chatPingPong,
  chat_half_close_at_once: chatHalfCloseAtOnce,
  metadata,
  status,
  unimplemented,
  deadline,
  cancel,
  hundred_at_once: hundredAtOnce,
  over_limit: overLimit,
};
