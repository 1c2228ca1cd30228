// SPDX-License-Identifier: Apache-2.0
// Serves logging.Counter, and prints a line for each call.
#include "call_log.hpp"
#include "logging.sluice.hpp"
#include "program.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

namespace {

using logging::Number;

class Counter final : public logging::CounterService {
  sluice::task<Number> Add(Number number) override {
    if (number.value() < 0) co_return sluice::status{sluice::code::invalid_argument, "only upwards"};
    sum_ += number.value();
    number.set_value(sum_);
    co_return number;
  }
  sluice::generator<Number> Count(Number until) override {
    Number next;
    for (std::int64_t i = 1; i <= until.value(); ++i) {
      next.set_value(i);
      co_yield next;
    }
  }
  std::int64_t sum_ = 0;
};

void serve(std::string const& address) {
  boost::asio::io_context io{1};
  Counter counter;
  sluice::server server{io.get_executor(), {.interceptors = {std::make_shared<CallLog>(std::cout)}}};
  server.add(counter);
  sample::serve(io, server, address);
}

}  // namespace

int main(int argc, char** argv) {
  std::string address;
  sample::program program{"Serves logging.Counter until Ctrl-C, and logs each call."};
  program.listens(address);
  return program.run(argc, argv, [&] { serve(address); });
}
