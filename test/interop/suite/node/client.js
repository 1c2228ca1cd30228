// SPDX-License-Identifier: Apache-2.0
'use strict';
// The gRPC interop suite's client on grpc-js. Exit code 0: the case passed.
const assert = require('assert');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const { flags } = require('./flags');

const options = flags({
  server_host: 'localhost', server_port: 10000, server_host_override: '', test_case: 'large_unary', use_tls: false,
  use_test_ca: false, ca_file: '', soak_iterations: 10, soak_max_failures: 0,
  soak_per_iteration_max_acceptable_latency_ms: 1000, soak_overall_timeout_seconds: 10, soak_request_size: 271828,
  soak_response_size: 314159, soak_num_threads: 1,
});
const definition = loader.loadSync('grpc/testing/test.proto', {
  keepCase: true, defaults: true, includeDirs: [process.env.GRPC_PROTO],
});
const { TestService, UnimplementedService } = grpc.loadPackageDefinition(definition).grpc.testing;

const LARGE_REQUEST = 271828;
const LARGE_RESPONSE = 314159;
const REQUEST_SIZES = [27182, 8, 1828, 45904];
const RESPONSE_SIZES = [31415, 9, 2653, 58979];
const ECHO_INITIAL = 'x-grpc-test-echo-initial';
const ECHO_TRAILING = 'x-grpc-test-echo-trailing-bin';
const SPECIAL = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';

const within = (ms = 20000) => ({ deadline: new Date(Date.now() + ms) });
const body = (size) => ({ body: Buffer.alloc(size) });
const simple = (request = LARGE_REQUEST, response = LARGE_RESPONSE) =>
  ({ response_size: response, payload: body(request) });
const output = (sizes, request = 0) =>
  ({ response_parameters: sizes.map((size) => ({ size })), payload: body(request) });
const sizeOf = (response) => response.payload.body.length;

/** A unary or client streaming call: { response, initial, trailing }, or throws its status. */
function single(begin) {
  return new Promise((resolve, reject) => {
    const seen = {};
    const call = begin((error, response) => {
      if (error) reject(error);
      else call.once('status', ({ metadata }) => resolve({ ...seen, response, trailing: metadata }));
    });
    call.on('metadata', (metadata) => { seen.initial = metadata; });
  });
}
const unary = (on, method, request, metadata = new grpc.Metadata(), how = within()) =>
  single((done) => on[method](request, metadata, how, done));

function upload(on, requests, act = () => {}) {
  return single((done) => {
    const call = on.StreamingInputCall(within(), done);
    requests.forEach((request) => call.write(request));
    if (!act(call)) call.end();
    return call;
  });
}

/** A FullDuplexCall, written and read in turns. */
class Chat {
  constructor(on, metadata = new grpc.Metadata(), how = within()) {
    this.call = on.FullDuplexCall(metadata, how);
    this.seen = [];
    this.wake = () => {};
    const note = (what) => { this.seen.push(what); this.wake(); };
    this.call.on('metadata', (initial) => { this.initial = initial; });
    this.call.on('data', (response) => note({ response }));
    this.call.on('error', () => {});
    this.call.on('status', (status) => note({ status }));
  }
  /** The next response; undefined after OK; otherwise throws the status. */
  async next() {
    while (this.seen.length === 0) await new Promise((resolve) => { this.wake = resolve; });
    const { response, status } = this.seen.shift();
    if (response) return response;
    this.trailing = status.metadata;
    if (status.code !== grpc.status.OK) throw Object.assign(new Error(status.details), status);
    return undefined;
  }
  async exchange(request, size) {
    this.call.write(request);
    assert.strictEqual(sizeOf(await this.next()), size);
  }
  async end() {
    this.call.end();
    assert.strictEqual(await this.next(), undefined, 'a response too many');
  }
}

async function expectStatus(promise, code, details) {
  const error = await promise.then(() => undefined, (thrown) => thrown);
  assert(error, `OK, not ${grpc.status[code]}`);
  assert.strictEqual(error.code, code, `${error.code} ${error.details}, not ${grpc.status[code]}`);
  if (details !== undefined) assert.strictEqual(error.details, details);
}

function expectEcho(metadata, key, value) {
  assert.deepStrictEqual(metadata.get(key), [value]);
}

const failing = (message) => ({ response_status: { code: grpc.status.UNKNOWN, message } });

const cases = {
  async empty_unary(on) {
    assert.deepStrictEqual({ ...(await unary(on, 'EmptyCall', {})).response }, {});
  },
  async large_unary(on) {
    assert.strictEqual(sizeOf((await unary(on, 'UnaryCall', simple())).response), LARGE_RESPONSE);
  },
  async client_compressed_unary(on) {
    const request = (compressed) => ({ ...simple(), expect_compressed: { value: compressed } });
    await expectStatus(unary(on, 'UnaryCall', request(true)), grpc.status.INVALID_ARGUMENT);
    const packing = connect({ 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip });
    assert.strictEqual(sizeOf((await unary(packing, 'UnaryCall', request(true))).response), LARGE_RESPONSE);
    packing.close();
    assert.strictEqual(sizeOf((await unary(on, 'UnaryCall', request(false))).response), LARGE_RESPONSE);
  },
  async client_streaming(on) {
    const { response } = await upload(on, REQUEST_SIZES.map((size) => ({ payload: body(size) })));
    assert.strictEqual(response.aggregated_payload_size, 74922);
  },
  async server_streaming(on) {
    const sizes = [];
    for await (const response of on.StreamingOutputCall(output(RESPONSE_SIZES), within())) sizes.push(sizeOf(response));
    assert.deepStrictEqual(sizes, RESPONSE_SIZES);
  },
  async ping_pong(on) {
    const chat = new Chat(on);
    for (let i = 0; i < 4; ++i) await chat.exchange(output([RESPONSE_SIZES[i]], REQUEST_SIZES[i]), RESPONSE_SIZES[i]);
    await chat.end();
  },
  async empty_stream(on) {
    await new Chat(on).end();
  },
  async custom_metadata(on) {
    const metadata = new grpc.Metadata();
    metadata.set(ECHO_INITIAL, 'test_initial_metadata_value');
    metadata.set(ECHO_TRAILING, Buffer.from('ababab', 'hex'));
    const check = ({ initial, trailing }) => {
      expectEcho(initial, ECHO_INITIAL, 'test_initial_metadata_value');
      expectEcho(trailing, ECHO_TRAILING, Buffer.from('ababab', 'hex'));
    };
    check(await unary(on, 'UnaryCall', simple(), metadata));
    const chat = new Chat(on, metadata);
    await chat.exchange(output([LARGE_RESPONSE], LARGE_REQUEST), LARGE_RESPONSE);
    await chat.end();
    check(chat);
  },
  async status_code_and_message(on) {
    const message = 'test status message';
    await expectStatus(unary(on, 'UnaryCall', failing(message)), grpc.status.UNKNOWN, message);
    const chat = new Chat(on);
    chat.call.write(failing(message));
    chat.call.end();
    await expectStatus(chat.next(), grpc.status.UNKNOWN, message);
  },
  async special_status_message(on) {
    await expectStatus(unary(on, 'UnaryCall', failing(SPECIAL)), grpc.status.UNKNOWN, SPECIAL);
  },
  async unimplemented_method(on) {
    await expectStatus(unary(on, 'UnimplementedCall', {}), grpc.status.UNIMPLEMENTED);
  },
  async unimplemented_service(on) {
    await expectStatus(unary(on.missing, 'UnimplementedCall', {}), grpc.status.UNIMPLEMENTED);
  },
  async cancel_after_begin(on) {
    const call = upload(on, [], (begun) => { begun.cancel(); return true; });
    await expectStatus(call, grpc.status.CANCELLED);
  },
  async cancel_after_first_response(on) {
    const chat = new Chat(on);
    await chat.exchange(output([RESPONSE_SIZES[0]], REQUEST_SIZES[0]), RESPONSE_SIZES[0]);
    chat.call.cancel();
    await expectStatus(chat.next(), grpc.status.CANCELLED);
  },
  async timeout_on_sleeping_server(on) {
    const chat = new Chat(on, new grpc.Metadata(), within(1));
    chat.call.write(output([], REQUEST_SIZES[0]));
    await expectStatus(chat.next(), grpc.status.DEADLINE_EXCEEDED);
  },
  async pick_first_unary(on) {
    const servers = new Set();
    const request = { ...simple(1, 1), fill_server_id: true };
    for (let i = 0; i < 100; ++i) servers.add((await unary(on, 'UnaryCall', request)).response.server_id);
    assert.strictEqual(servers.size, 1);
    assert(!servers.has(''), 'the server tells no server_id');
  },
  async concurrent_large_unary(on) {
    await Promise.all(Array.from({ length: 100 }, () => cases.large_unary(on)));
  },
  async large_header(on) {
    const metadata = new grpc.Metadata();
    const value = 'h'.repeat(63 * 1024 - 512);
    metadata.set(ECHO_INITIAL, value);
    const { response, initial } = await unary(on, 'UnaryCall', simple(1, 1), metadata);
    assert.strictEqual(sizeOf(response), 1);
    expectEcho(initial, ECHO_INITIAL, value);
  },
  async client_stream_without_requests(on) {
    assert.strictEqual((await upload(on, [])).response.aggregated_payload_size, 0);
  },
};

function connect(more = {}) {
  const target = `${options.server_host}:${options.server_port}`;
  const settings = { 'grpc.use_local_subchannel_pool': 1, ...more };
  let credentials = grpc.credentials.createInsecure();
  if (options.use_tls) {
    credentials = grpc.credentials.createSsl(options.use_test_ca ? fs.readFileSync(options.ca_file) : null);
    if (options.server_host_override) {
      settings['grpc.ssl_target_name_override'] = options.server_host_override;
      settings['grpc.default_authority'] = options.server_host_override;
    }
  }
  const on = new TestService(target, credentials, settings);
  on.missing = new UnimplementedService(target, credentials, settings);
  return on;
}

async function soak(eachItsChannel) {
  const end = Date.now() + options.soak_overall_timeout_seconds * 1000;
  const request = simple(options.soak_request_size, options.soak_response_size);
  let left = options.soak_iterations;
  const failures = [];
  const chain = async () => {
    let on;
    while (left-- > 0) {
      const begun = Date.now();
      assert(begun < end, 'the overall timeout is over');
      on = on || connect();
      try {
        const { response } = await unary(on, 'UnaryCall', request);
        assert.strictEqual(sizeOf(response), options.soak_response_size);
        const took = Date.now() - begun;
        if (took > options.soak_per_iteration_max_acceptable_latency_ms) failures.push(`${took} ms`);
      } catch (error) {
        failures.push(error.message);
      }
      if (eachItsChannel) { on.close(); on = undefined; }
    }
    if (on) on.close();
  };
  await Promise.all(Array.from({ length: options.soak_num_threads }, chain));
  assert(failures.length <= options.soak_max_failures, `${failures.length} failed, the first: ${failures[0]}`);
}

async function main() {
  if (options.test_case === 'rpc_soak' || options.test_case === 'channel_soak') {
    return soak(options.test_case === 'channel_soak');
  }
  assert(options.test_case in cases, 'Unsupported test case');
  const on = connect();
  await new Promise((resolve, reject) => on.waitForReady(Date.now() + 20000, (error) => error ? reject(error) : resolve()));
  await cases[options.test_case](on);
  on.close();
  on.missing.close();
  return undefined;
}

main().then(() => process.exit(0), (error) => {
  console.error(`${options.test_case}: ${error.message}`);
  process.exit(1);
});
