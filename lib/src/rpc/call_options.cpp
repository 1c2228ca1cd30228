// SPDX-License-Identifier: Apache-2.0
#include <sluice/rpc/call_options.hpp>

namespace sluice {

call_options::call_options() noexcept = default;
call_options::call_options(call_options const& other) = default;
call_options::call_options(call_options&& other) noexcept = default;
call_options& call_options::operator=(call_options const& other) = default;
call_options& call_options::operator=(call_options&& other) noexcept = default;
call_options::~call_options() = default;

call_options& call_options::metadata(sluice::metadata value) & noexcept {
  metadata_ = std::move(value);
  return *this;
}
call_options&& call_options::metadata(sluice::metadata value) && noexcept {
  return std::move(metadata(std::move(value)));
}

call_options& call_options::compression(std::string name, sluice::compression_mode mode) & noexcept {
  compression_ = std::move(name);
  compression_mode_ = mode;
  return *this;
}
call_options&& call_options::compression(std::string name, sluice::compression_mode mode) && noexcept {
  return std::move(compression(std::move(name), mode));
}
call_options& call_options::no_compression() & noexcept { return compression("identity"); }
call_options&& call_options::no_compression() && noexcept { return std::move(no_compression()); }

call_options& call_options::content_subtype(std::string value) & noexcept {
  content_subtype_ = std::move(value);
  return *this;
}
call_options&& call_options::content_subtype(std::string value) && noexcept {
  return std::move(content_subtype(std::move(value)));
}

call_options& call_options::credentials(std::shared_ptr<call_credentials> value) & noexcept {
  credentials_ = std::move(value);
  return *this;
}
call_options&& call_options::credentials(std::shared_ptr<call_credentials> value) && noexcept {
  return std::move(credentials(std::move(value)));
}

}  // namespace sluice
