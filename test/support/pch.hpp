// SPDX-License-Identifier: Apache-2.0
// What the large test programs compile once instead of in each of their files. A file still includes what it uses: clang
// and -Db_pch=false build without this.

#include "support/catch.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
