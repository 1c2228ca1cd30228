// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/channel.hpp>
#include <sluice/net/byte_stream.hpp>
#include <sluice/server/server.hpp>
#include <sluice/testing/pipe.hpp>

#include <boost/asio/any_io_executor.hpp>

namespace sluice::testing {

/// A connector whose connections lead to `to` through a pipe in memory: a whole client and server in one test, in one
/// thread, without a socket.
///
///   sluice::channel channel{io.get_executor(), sluice::testing::connect_to(io.get_executor(), server)};
///
/// Lifetime: the server outlives the channel.
[[nodiscard]] inline channel::connector connect_to(boost::asio::any_io_executor executor, server& to,
                                                   pipe_options options = {}) {
  return [executor, &to, options] {
    auto [ours, theirs] = make_pipe(executor, options);
    to.serve(std::move(theirs));
    return std::move(ours);
  };
}

}  // namespace sluice::testing
