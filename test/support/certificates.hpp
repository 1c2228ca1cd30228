// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace sluice::test {

/// What a certificate that a test makes says. The defaults: good for a server called "localhost".
struct certificate_request {
  std::string common_name = "localhost";
  /// As OpenSSL writes them: "DNS:a.example", "IP:127.0.0.1", "URI:spiffe://example/reader", "email:a@example".
  std::vector<std::string> names = {"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
  std::chrono::seconds valid_from = -std::chrono::hours{1};  ///< from now
  std::chrono::seconds valid_to = std::chrono::hours{24};
  bool authority = false;  ///< may issue others
};

/// A certificate and its key, in PEM.
struct made_certificate {
  std::string chain;
  std::string key;
};

/// An authority made for one test: its key never leaves the process.
class test_authority {
 public:
  explicit test_authority(std::string const& name = "sluice test root");
  test_authority(test_authority const&) = delete;
  test_authority& operator=(test_authority const&) = delete;
  ~test_authority();

  /// The root's certificate, in PEM.
  [[nodiscard]] std::string const& root() const noexcept { return root_; }
  [[nodiscard]] made_certificate issue(certificate_request const& request = {}) const;

 private:
  struct issuer;
  std::unique_ptr<issuer> issuer_;
  std::string root_;
};

/// Signed by its own key: nobody vouches for it.
[[nodiscard]] made_certificate self_signed(certificate_request const& request = {});

}  // namespace sluice::test
