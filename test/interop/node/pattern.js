// SPDX-License-Identifier: Apache-2.0
'use strict';

// The payload that every peer sends and checks, the limits of both ends, and the services.

const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const PERIOD = Buffer.from(Array.from({ length: 251 }, (_, i) => i));

function pattern(size) {
  return size === 0 ? Buffer.alloc(0) : Buffer.alloc(size, PERIOD);
}

function intact(payload) {
  return payload.equals(pattern(payload.length));
}

const LIMITS = { 'grpc.max_receive_message_length': 4 * 1024 * 1024, 'grpc.max_send_message_length': -1 };

const definition = loader.loadSync(process.env.INTEROP_PROTO || path.join(__dirname, '..', 'interop.proto'), {
  keepCase: true, longs: Number, defaults: true,
});
const services = grpc.loadPackageDefinition(definition).sluice.interop;

module.exports = { grpc, services, pattern, intact, LIMITS };
