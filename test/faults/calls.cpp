// SPDX-License-Identifier: Apache-2.0
#include "calls.hpp"

#include "faults.sluice.hpp"

#include <string>

namespace faults {
namespace {

using sluice::call_options;
using sluice::status;
using sluice::task;

constexpr unsigned requests_of_a_stream = 3;

call_options options_of(call_plan const& plan) {
  return call_options{}.timeout(plan.timeout).wait_for_ready(plan.wait_for_ready);
}

status check(Text const& sent, Text const* got) {
  if (got == nullptr) return status{sluice::code::data_loss, "no answer"};
  if (got->payload() != sent.payload()) return status{sluice::code::data_loss, "another answer"};
  return status{};
}

task<status> unary(TalkStub stub, call_plan const& plan, Text const& sent) {
  auto call = stub.Unary(sent, options_of(plan));
  Text const got = co_await call;
  co_return check(sent, &got);
}

task<status> download(TalkStub stub, call_plan const& plan, Text const& sent) {
  auto answers = stub.Download(sent, options_of(plan));
  status how = check(sent, co_await answers.next());
  while (co_await answers.next() != nullptr) how = status{sluice::code::data_loss, "more answers"};
  co_return how;
}

task<status> upload(TalkStub stub, call_plan const& plan, Text const& sent) {
  auto call = stub.Upload(options_of(plan));
  for (unsigned i = 0; i != requests_of_a_stream; ++i) co_await call.write(sent);
  Text const got = co_await call.finish();
  co_return check(sent, &got);
}

task<status> chat(TalkStub stub, call_plan const& plan, Text const& sent) {
  auto call = stub.Chat(options_of(plan));
  for (unsigned i = 0; i != requests_of_a_stream; ++i) co_await call.write(sent);
  co_await call.writes_done();
  status how;
  for (unsigned i = 0; how.ok() && i != requests_of_a_stream; ++i) how = check(sent, co_await call.next());
  while (co_await call.next() != nullptr) how = status{sluice::code::data_loss, "more answers"};
  co_return how;
}

}  // namespace

std::string_view to_string(kind which) noexcept {
  constexpr std::array<std::string_view, 4> names{"unary", "server streaming", "client streaming",
                                                  "bidirectional"};
  return names[static_cast<std::size_t>(which)];
}

task<status> call_once(sluice::channel& on, call_plan const& plan) {
  Text sent;
  sent.set_payload(std::string(plan.size, 't'));
  sent.set_hold(plan.hold);
  TalkStub const stub{on};
  try {
    switch (plan.which) {
      case kind::unary: co_return co_await unary(stub, plan, sent);
      case kind::download: co_return co_await download(stub, plan, sent);
      case kind::upload: co_return co_await upload(stub, plan, sent);
      case kind::chat: co_return co_await chat(stub, plan, sent);
    }
  } catch (sluice::status_error const& error) { co_return error.status(); }
  co_return status{sluice::code::internal, "a kind of call that does not exist"};
}

}  // namespace faults
