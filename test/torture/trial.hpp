// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace torture {

enum class kind : unsigned char { unary, server_streaming, client_streaming, bidi };
inline constexpr kind kinds[] = {kind::unary, kind::server_streaming, kind::client_streaming, kind::bidi};
[[nodiscard]] char const* name_of(kind which) noexcept;

/// What came of one conversation in which one thing failed.
struct verdict {
  std::string outcome;  // of the call: a status, or an exception that its awaiter or starter caught
  std::string wrong;    // empty: the program took it as it should
  std::size_t count = 0;  // how many things there were to fail
  bool failed = false;    // the fault took place
  bool thrown = false;    // out of io_context::run
};

/// A client calls a server on a real socket, and the `nth` allocation from the call's beginning to the end of everything
/// fails, on whichever side. 0: none.
[[nodiscard]] verdict fail_allocation(kind which, std::size_t nth);

enum class io_fault : unsigned char {
  client_read,
  client_write,
  server_read,
  server_write,
  client_end,
  server_end
};
inline constexpr io_fault io_faults[] = {io_fault::client_read, io_fault::client_write,
                                         io_fault::server_read, io_fault::server_write,
                                         io_fault::client_end,  io_fault::server_end};
[[nodiscard]] char const* name_of(io_fault which) noexcept;
/// The same in memory, where the `nth` read or write of one end fails, or its connection ends before the n-th byte.
[[nodiscard]] verdict fail_io(kind which, io_fault what, std::size_t nth);

}  // namespace torture
