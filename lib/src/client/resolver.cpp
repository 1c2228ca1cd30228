// SPDX-License-Identifier: Apache-2.0
#include "client/resolver.hpp"

#include "net/dns.hpp"

#include <boost/asio/post.hpp>

#include <new>
#include <optional>
#include <utility>

namespace sluice::calling {
namespace {

class dns_resolver final : public resolver {
 public:
  dns_resolver(asio::any_io_executor executor, target to, on_addresses pushed)
      : executor_{std::move(executor)}, target_{std::move(to)}, pushed_{std::move(pushed)} {}

  void resolve() override {
    if (lookup_) return;
    net::dns_options options;
    if (!target_.name_server.empty()) options.servers.push_back(target_.name_server);
    lookup_.emplace(executor_, target_.host, target_.port, std::move(options),
                    [this](result<std::vector<address>, std::string> found) {
                      lookup_.reset();
                      if (found) pushed_(std::move(*found));
                      else pushed_(status{code::unavailable, found.error()});
                    });
  }

 private:
  asio::any_io_executor executor_;
  target target_;
  on_addresses pushed_;
  std::optional<net::dns_lookup> lookup_;
};

class fixed_resolver final : public resolver {
 public:
  fixed_resolver(asio::any_io_executor executor, std::vector<address> addresses, on_addresses pushed)
      : executor_{std::move(executor)}, addresses_{std::move(addresses)},
        pushed_{std::make_shared<on_addresses>(std::move(pushed))} {}

  void resolve() override {
    asio::post(executor_, [addresses = addresses_, weak = std::weak_ptr{pushed_}] {
      auto const pushed = weak.lock();
      if (!pushed) return;
      try {
        (*pushed)(addresses);
      } catch (std::bad_alloc const&) { (*pushed)(status{code::unavailable, "out of memory"}); }
    });
  }

 private:
  asio::any_io_executor executor_;
  std::vector<address> addresses_;
  std::shared_ptr<on_addresses> pushed_;
};

}  // namespace

std::unique_ptr<resolver> make_resolver(asio::any_io_executor executor, target to,
                                        resolver::on_addresses pushed) {
  if (to.scheme == "dns")
    return std::make_unique<dns_resolver>(std::move(executor), std::move(to), std::move(pushed));
  return std::make_unique<fixed_resolver>(std::move(executor), std::move(to.addresses), std::move(pushed));
}

}  // namespace sluice::calling
