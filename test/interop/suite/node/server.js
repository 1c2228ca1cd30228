// SPDX-License-Identifier: Apache-2.0
'use strict';
// The gRPC interop suite's server of grpc-js, from the package grpc-interop-server, which takes no flags but its port and
// listens on all addresses without TLS: both are changed on the way in.
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const { flags } = require('./flags');

const options = flags({ port: 10000, use_tls: false, tls_cert_file: '', tls_key_file: '' });

if (options.use_tls) {
  const pair = { private_key: fs.readFileSync(options.tls_key_file), cert_chain: fs.readFileSync(options.tls_cert_file) };
  const credentials = grpc.ServerCredentials.createSsl(null, [pair], false);
  grpc.ServerCredentials.createInsecure = () => credentials;
}
const bind = grpc.Server.prototype.bindAsync;
grpc.Server.prototype.bindAsync = function (address, ...rest) {
  return bind.call(this, address.replace('0.0.0.0', '127.0.0.1'), ...rest);
};

require('grpc-interop-server')({ port: options.port }).then((server) => {
  for (const name of ['SIGTERM', 'SIGINT']) {
    process.on(name, () => {
      server.tryShutdown(() => process.exit(0));
      setTimeout(() => process.exit(0), 500).unref();
    });
  }
});
