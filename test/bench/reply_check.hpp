// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bench {

// Knows whether the header blocks of one connection say that calls went well, at the cost of a comparison for
// each.
//
// A block whose fields are all indexed does not change the HPACK table, so the same bytes mean the same until
// a block that is not such arrives. Only what was not seen since then is decoded.
class reply_check {
 public:
  enum class verdict { response_headers, ok, failed };

  reply_check();
  ~reply_check();
  reply_check(reply_check const&) = delete;
  reply_check& operator=(reply_check const&) = delete;

  // `ok`: grpc-status 0. `response_headers`: :status 200 and no grpc-status yet. `failed`: see `reason`.
  verdict check(std::span<std::uint8_t const> block);
  std::string const& reason() const { return reason_; }

 private:
  struct known {
    std::vector<std::uint8_t> block;
    verdict meaning;
  };

  verdict decode(std::span<std::uint8_t const> block);

  nghttp2_hd_inflater* inflater_ = nullptr;
  std::vector<known> known_;
  std::string reason_;
};

}  // namespace bench
