// SPDX-License-Identifier: Apache-2.0
//
// What the cases of the interop client on sluice stand on: checks, requests, and a call of any kind.
#pragma once

#include "../cpp/peer.hpp"
#include "interop.sluice.hpp"

#include <sluice/sluice.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

using namespace std::chrono_literals;
using sluice::interop::CountsRequest;
using sluice::interop::CountsResponse;
using sluice::interop::Request;
using sluice::interop::Response;
using clock_type = std::chrono::steady_clock;

struct stubs {
  sluice::interop::PeerStub peer;
  sluice::interop::AbsentStub absent;
};

/// Throws `failure` when something is not as cases.md says.
struct test_case {
  char const* name;
  sluice::task<void> (*run)(stubs);
};

/// In the order of cases.md.
std::span<test_case const> cases();

struct failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
void expect(bool fact, std::string const& why);
void expect_code(sluice::status const& status, sluice::code code);
void check(Response const& answer, std::size_t size, std::size_t received, std::size_t index = 0);
void check_all(std::vector<Response> const& answers, std::size_t count, std::size_t size,
               std::size_t received);

sluice::call_options within(sluice::duration timeout = 15s);
Request request_for(std::size_t payload, std::size_t size = 0, std::size_t count = 0);

enum class kind { unary, download, upload, chat };
inline constexpr kind kinds[] = {kind::unary, kind::download, kind::upload, kind::chat};
std::string name_of(kind which);

using chat_call = sluice::bidi_streaming_call<Request, Response>;

/// A call of any kind that sends one request. Tasks of it must end before it goes.
class one_call {
 public:
  /// keep_open: the client's half of a stream is not closed.
  one_call(stubs on, kind which, Request request, sluice::call_options options, bool keep_open = false);

  /// Begins a Download or Chat and takes its first answer; nothing for the other kinds.
  sluice::task<void> first();
  /// Awaits the end, and keeps the answers until then.
  sluice::task<sluice::status> end();
  [[nodiscard]] sluice::any_call& call();
  [[nodiscard]] std::vector<Response> const& answers() const noexcept { return answers_; }

 private:
  using any_kind = std::variant<sluice::unary_call<Response>, sluice::server_streaming_call<Response>,
                                sluice::client_streaming_call<Request, Response>, chat_call>;
  static any_kind open(stubs const& on, kind which, Request const& request, sluice::call_options options,
                       bool keep_open);
  sluice::task<void> write();

  Request request_;
  bool keep_open_;
  bool written_ = false;
  any_kind call_;
  std::vector<Response> answers_;
};
