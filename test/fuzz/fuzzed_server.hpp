// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/server/server.hpp>

#include "fuzz/fuzzed_end.hpp"
#include "fuzz/obey.hpp"

#include <chrono>
#include <tuple>

namespace sluice::fuzz {

/// A server with a service of the four kinds, whose one client is the fuzzer's input.
class fuzzed_server final : public fuzzed_end {
 public:
  explicit fuzzed_server(testing::pipe_options pipe = {}) : fuzzed_end{http2::side::server} {
    make_obedient(handlers_);
    served_.add(handlers_);
    std::unique_ptr<byte_stream> its_end;
    std::tie(peer_, its_end) = testing::make_pipe(io_.get_executor(), std::move(pipe));
    served_.serve(std::move(its_end));
  }
  void drain(duration grace) {
    served_.stop(grace);
    settle();
  }
  /// The client goes: then nothing of it is left.
  void finish() {
    set_deaf(false);
    hang_up();
    advance(std::chrono::seconds{2});  // a graceful close waits for a second
    check(served_.active_calls() == 0, "no call outlives its connection");
    check(served_.connections() == 0, "no connection outlives its client");
  }

 private:
  static server_options quiet() {
    server_options options;
    options.log = no_log;
    options.max_receive_size = 64 * 1024;
    options.max_concurrent_streams = 20;
    options.compression = "gzip";  // for clients that accept it
    options.compression_min_size = 3;
    return options;
  }
  test::text_service handlers_;
  server served_{io_.get_executor(), quiet()};
};

}  // namespace sluice::fuzz
