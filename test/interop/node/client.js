// SPDX-License-Identifier: Apache-2.0
'use strict';

// The interop client on Node's @grpc/grpc-js; ../cases.md is its contract.

const { grpc, services, pattern, LIMITS } = require('./pattern');
const cases = require('./cases');

const CASE_LIMIT = 20000;

function argument(name, otherwise) {
  const place = process.argv.indexOf(name);
  return place < 0 ? otherwise : process.argv[place + 1];
}

function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not over after ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function main() {
  const target = argument('--target');
  const name = argument('--case', 'all');
  if (!target || (name !== 'all' && !(name in cases))) {
    console.error('usage: client.js --target HOST:PORT --case NAME|all');
    return 2;
  }
  const credentials = grpc.credentials.createInsecure();
  const peer = new services.Peer(target, credentials, LIMITS);
  const absent = new services.Absent(target, credentials, { ...LIMITS, channelOverride: peer.getChannel() });
  let code = 0;
  for (const one of name === 'all' ? Object.keys(cases) : [name]) {
    try {
      await within(CASE_LIMIT, cases[one](peer, absent));
      console.log(`PASS ${one}`);
    } catch (error) {
      console.log(`FAIL ${one}: ${String(error.message).replaceAll('\n', ' ')}`);
      code = 1;
    }
  }
  peer.close();
  return code;
}

main().then((code) => process.exit(code));
