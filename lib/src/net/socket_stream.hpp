// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/net/byte_stream.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>

#include "net/unique_fd.hpp"

namespace sluice::net {

namespace asio = boost::asio;

/// A byte_stream over a connected stream socket: TCP on IPv4 or IPv6, unix, abstract unix.
///
/// Makes the socket non-blocking, and TCP send without delay (Nagle's algorithm would hold back the last
/// segment of a turn). Nothing of the executor's context is touched before the first wait, so one thread may
/// make a stream for the executor of another. A wait does not allocate: each direction has memory of its own
/// for it.
[[nodiscard]] std::unique_ptr<byte_stream> make_socket_stream(asio::any_io_executor executor,
                                                              unique_fd socket);

}  // namespace sluice::net
