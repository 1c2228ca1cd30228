// SPDX-License-Identifier: Apache-2.0
#include "wire/http_status.hpp"

#include "support/catch.hpp"

#include <map>

using namespace sluice;
using namespace sluice::wire;

TEST_CASE("an HTTP status without gRPC maps by the table, and all others are UNKNOWN") {
  std::map<int, code> const table{{400, code::internal},          {401, code::unauthenticated},
                                  {403, code::permission_denied}, {404, code::unimplemented},
                                  {429, code::unavailable},       {502, code::unavailable},
                                  {503, code::unavailable},       {504, code::unavailable}};
  for (int status = -1; status < 1000; ++status) {
    INFO(status);
    auto const row = table.find(status);
    CHECK(to_code(status) == (row == table.end() ? code::unknown : row->second));
  }
}
