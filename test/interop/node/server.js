// SPDX-License-Identifier: Apache-2.0
'use strict';

// The interop server on Node's @grpc/grpc-js; ../cases.md is its contract.

const { grpc, services, pattern, intact, LIMITS } = require('./pattern');

let cancelled = 0;
let sleeping = 0;

// Never answers. grpc-js gives the cancel, and the deadline too, as this event.
function sleep(call) {
  sleeping += 1;
  let over = false;
  const ended = () => {
    if (over) return;
    over = true;
    sleeping -= 1;
    cancelled += 1;
  };
  call.on('cancelled', ended);
  if (call.cancelled) ended();
}

// Sends the initial metadata that the client wants back, and returns the trailing.
function echoMetadata(call) {
  const initial = new grpc.Metadata();
  const trailing = new grpc.Metadata();
  for (const value of call.metadata.get('x-echo-initial')) initial.add('x-echo-initial', value);
  for (const value of call.metadata.get('x-echo-trailing-bin')) trailing.add('x-echo-trailing-bin', value);
  if (initial.get('x-echo-initial').length > 0) call.sendMetadata(initial);
  return trailing;
}

// The status with which the request ends its call; undefined for OK.
function finish(request) {
  if (!request.status || request.status.code === 0) return undefined;
  return { code: request.status.code, details: request.status.message };
}

function delay(request) {
  return new Promise((resolve) => setTimeout(resolve, request.delay_ms));
}

async function unary(call, callback) {
  const { request } = call;
  const trailing = echoMetadata(call);
  await delay(request);
  if (request.sleep_until_cancelled) return sleep(call);
  callback(finish(request) || null, {
    payload: pattern(request.response_size),
    received_bytes: request.payload.length,
    corrupt: !intact(request.payload),
  }, trailing);
}

// Writes the answers to one request; false when the call sleeps from now on.
async function answers(call, request, index) {
  await delay(request);
  const payload = pattern(request.response_size);
  for (let i = 0; i < request.response_count; i += 1) {
    const room = call.write({
      payload, received_bytes: request.payload.length, corrupt: !intact(request.payload), index: index + i,
    });
    if (!room) await new Promise((resolve) => call.once('drain', resolve));
  }
  if (request.sleep_until_cancelled) sleep(call);
  return !request.sleep_until_cancelled;
}

function end(call, failure, trailing) {
  if (failure) call.emit('error', { ...failure, metadata: trailing });
  else call.end(trailing);
}

async function download(call) {
  const trailing = echoMetadata(call);
  if (await answers(call, call.request, 0)) end(call, finish(call.request), trailing);
}

async function upload(call, callback) {
  const trailing = echoMetadata(call);
  const answer = { received_bytes: 0, received_count: 0, corrupt: false };
  let last = { response_size: 0 };
  call.on('error', () => {}); // the cancel, which sleep() has counted
  try {
    for await (last of call) {
      answer.received_bytes += last.payload.length;
      answer.received_count += 1;
      answer.corrupt = answer.corrupt || !intact(last.payload);
      await delay(last);
      if (last.sleep_until_cancelled) {
        sleep(call);
        return await new Promise(() => {});
      }
    }
  } catch (error) {
    return undefined;
  }
  answer.payload = pattern(last.response_size);
  return callback(finish(last) || null, answer, trailing);
}

// One request after the other, though they come as events: each waits for the one before.
function chat(call) {
  const trailing = echoMetadata(call);
  let index = 0;
  let over = false;
  let before = Promise.resolve();
  const next = (work) => { before = before.then(() => (over ? undefined : work())); };
  call.on('data', (request) => next(async () => {
    over = !(await answers(call, request, index));
    index += request.response_count;
    const failure = finish(request);
    if (failure && !over) {
      over = true;
      end(call, failure, trailing);
    }
  }));
  call.on('end', () => next(() => call.end(trailing)));
}

function counts(call, callback) {
  callback(null, { cancelled, sleeping });
}

function main() {
  const place = process.argv.indexOf('--port');
  const port = place < 0 ? 0 : Number(process.argv[place + 1]);
  const server = new grpc.Server(LIMITS);
  server.addService(services.Peer.service, {
    Unary: unary, Download: download, Upload: upload, Chat: chat, Counts: counts,
  });
  server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, bound) => {
    if (error) throw error;
    console.log(`listening on ${bound}`);
  });
  const stop = () => {
    server.forceShutdown();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main();
