// SPDX-License-Identifier: Apache-2.0
// Asio's own functions, where -Dseparate_asio=true asks for them.
#include <boost/asio/impl/src.hpp>
