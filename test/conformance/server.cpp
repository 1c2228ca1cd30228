// SPDX-License-Identifier: Apache-2.0
// What h2spec speaks with:  server [CERTIFICATE KEY]  Prints "listening on PORT", and serves until it is killed.
#include "conformance.sluice.hpp"

#include <sluice/net/tls.hpp>
#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <iostream>
#include <string>

namespace {

using conformance::Bytes;

class Judged final : public conformance::JudgedService {
  sluice::task<Bytes> Unary(Bytes asked) override { co_return asked; }
  sluice::generator<Bytes> Stream(Bytes asked) override { co_yield asked; }
};

}  // namespace

int main(int argc, char** argv) {
  boost::asio::io_context io{1};
  Judged judged;
  sluice::server server{io.get_executor(), {.log = {}}};
  server.add(judged);
  std::string bound;
  if (argc == 3) {
    sluice::tls_server_options options;
    options.certificates.push_back({sluice::pem::file(argv[1]), sluice::pem::file(argv[2])});
    bound = server.listen("127.0.0.1:0", sluice::tls_server{options});
  } else {
    bound = server.listen("127.0.0.1:0");
  }
  std::cout << "listening on " << bound.substr(bound.rfind(':') + 1) << std::endl;
  io.run();
}
