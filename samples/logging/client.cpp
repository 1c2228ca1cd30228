// SPDX-License-Identifier: Apache-2.0
// Calls logging.Counter three times, and prints a line for each call.
#include "call_log.hpp"
#include "logging.sluice.hpp"
#include "program.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

namespace {

using namespace std::chrono_literals;

logging::Number number(std::int64_t value) {
  logging::Number made;
  made.set_value(value);
  return made;
}

sluice::task<void> count(logging::CounterStub counter) {
  auto const options = sluice::call_options{}.timeout(5s);
  co_await counter.Add(number(7), options);
  auto numbers = counter.Count(number(3), options);
  while (co_await numbers.next() != nullptr) {}
  static_cast<void>(co_await sluice::as_result(counter.Add(number(-1), options)));  // refused, and logged
}

}  // namespace

int main(int argc, char** argv) {
  std::string target;
  sample::program program{"Calls logging.Counter, and logs each call."};
  program.calls(target);
  return program.run(argc, argv, [&] {
    boost::asio::io_context io{1};
    sluice::channel channel{
        io.get_executor(), target, {.interceptors = {std::make_shared<CallLog>(std::cout)}}};
    sluice::run(io, count(logging::CounterStub{channel}));
  });
}
