// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/server/handlers.hpp>

#include <array>
#include <cstring>
#include <functional>
#include <string>

namespace sluice::test {

/// The message of the dialogues: its bytes on the wire are its text. "malformed" does not parse.
struct text {
  text() = default;
  explicit text(std::string words) : value{std::move(words)} {}
  std::string value;
};

}  // namespace sluice::test

template <>
struct sluice::codec<sluice::test::text> {
  [[nodiscard]] static std::size_t size(test::text const& message) { return message.value.size(); }
  static void write(test::text const& message, std::span<std::byte> to) {
    if (!message.value.empty()) std::memcpy(to.data(), message.value.data(), message.value.size());
  }
  [[nodiscard]] static bool parse(test::text& message, bytes_view from) {
    message.value.assign(as_text(from));
    return message.value != "malformed";
  }
};

namespace sluice::test {

/// "test.Text" with a method of each kind. A dialogue sets the handlers that it needs; the service outlives the calls, so
/// they may be lambda coroutines with captures.
class text_service final : public service {
 public:
  std::function<task<text>(text)> unary = [](text request) { return echo(std::move(request)); };
  std::function<generator<text>(text)> server_streaming = [](text request) {
    return thrice(std::move(request));
  };
  std::function<task<text>(generator<text>)> client_streaming = [](generator<text> items) {
    return join(std::move(items));
  };
  std::function<generator<text>(generator<text>)> bidi = [](generator<text> items) {
    return echo_each(std::move(items));
  };

  static constexpr method unary_method{"/test.Text/Unary", method_kind::unary};
  static constexpr method server_method{"/test.Text/Server", method_kind::server_streaming};
  static constexpr method client_method{"/test.Text/Client", method_kind::client_streaming};
  static constexpr method bidi_method{"/test.Text/Bidi", method_kind::bidi_streaming};

  [[nodiscard]] std::string_view sluice_service_name() const noexcept override { return "test.Text"; }
  [[nodiscard]] std::span<method_handler const> sluice_methods() const noexcept override {
    static constexpr std::array<method_handler, 4> table{
        serve_unary<&text_service::run_unary>(unary_method),
        serve_server_streaming<&text_service::run_server>(server_method),
        serve_client_streaming<&text_service::run_client>(client_method),
        serve_bidi_streaming<&text_service::run_bidi>(bidi_method)};
    return table;
  }

  static task<text> echo(text request) { co_return request; }
  static generator<text> thrice(text request) {
    for (int i = 1; i != 4; ++i) co_yield text{request.value + std::to_string(i)};
  }
  static task<text> join(generator<text> items) {
    text all;
    while (auto* const item = co_await items.next()) all.value += item->value;
    co_return all;
  }
  static generator<text> echo_each(generator<text> items) {
    while (auto* const item = co_await items.next()) co_yield *item;
  }

 private:
  task<text> run_unary(text request) { return unary(std::move(request)); }
  generator<text> run_server(text request) { return server_streaming(std::move(request)); }
  task<text> run_client(generator<text> items) { return client_streaming(std::move(items)); }
  generator<text> run_bidi(generator<text> items) { return bidi(std::move(items)); }
};

}  // namespace sluice::test
