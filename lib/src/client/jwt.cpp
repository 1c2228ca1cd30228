// SPDX-License-Identifier: Apache-2.0
#include <sluice/client/jwt.hpp>

#include "net/signing_key.hpp"
#include "wire/base64.hpp"

#include <sluice/coro/context.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace sluice {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr duration margin = 1min;
constexpr std::size_t most_audiences = 64;  // a caller of arbitrary methods must not fill the memory

// RFC 7515, 2: the other alphabet, without padding.
std::string base64url(std::string_view bytes) {
  std::string text;
  wire::base64_encode(bytes, text);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

class own_jwt final : public call_credentials {
 public:
  own_jwt(net::signing_key key, jwt_options options)
      : key_{std::move(key)}, options_{std::move(options)}, header_{encoded_header()} {}

  task<metadata> get(call_info call) override {
    auto& clock = (co_await coro::get_context{}).scheduler();
    co_return authorization(options_.audience.empty() ? call.audience() : options_.audience, clock.now());
  }

 private:
  [[nodiscard]] std::string encoded_header() const {
    json::object header{{"alg", json::string_view{key_.algorithm().data(), key_.algorithm().size()}},
                        {"typ", "JWT"}};
    if (!options_.key_id.empty()) header["kid"] = options_.key_id;
    return base64url(json::serialize(header));
  }

  metadata authorization(std::string const& audience, time_point now) {
    auto found = tokens_.find(audience);
    if (found == tokens_.end() || found->second.expires_at().passed(now)) {
      if (tokens_.size() >= most_audiences) tokens_.clear();
      found = tokens_.insert_or_assign(audience, made(audience, now)).first;
    }
    std::string value{"Bearer "};
    metadata sent;
    sent.add("authorization", value.append(found->second.value()));
    return sent;
  }

  [[nodiscard]] access_token made(std::string const& audience, time_point now) const {
    auto const issued =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    auto const lasts = std::chrono::duration_cast<std::chrono::seconds>(options_.lifetime).count();
    json::object const claims{{"iss", options_.issuer},
                              {"sub", options_.subject.empty() ? options_.issuer : options_.subject},
                              {"aud", audience},
                              {"iat", issued},
                              {"exp", issued + lasts}};
    std::string token = header_ + "." + base64url(json::serialize(claims));
    std::string const signature = base64url(key_.sign(token).value());
    return access_token{token + "." + signature, deadline::after(now, options_.lifetime - margin)};
  }

  net::signing_key key_;
  jwt_options options_;
  std::string header_;
  std::map<std::string, access_token> tokens_;  // by audience
};

}  // namespace

std::shared_ptr<call_credentials> jwt_token(jwt_options options) {
  if (options.issuer.empty()) throw status_error{code::invalid_argument, "a token needs an issuer"};
  if (options.lifetime < 2 * margin)
    throw status_error{code::invalid_argument, "a token's lifetime is two minutes or more"};
  auto key = net::signing_key::from_pem(options.private_key_pem);
  return std::make_shared<own_jwt>(std::move(key).value(), std::move(options));
}

}  // namespace sluice
