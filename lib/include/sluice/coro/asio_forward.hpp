// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the public headers name of Asio without including it.

namespace boost::asio {

class any_io_executor;
class io_context;

}  // namespace boost::asio
