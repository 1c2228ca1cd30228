// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include <utility>

void expect(bool fact, std::string const& why) {
  if (!fact) throw failure{why};
}

void expect_code(sluice::status const& status, sluice::code code) {
  expect(status.code() == code, '\'' + status.to_string() + "', not " + std::string{sluice::to_string(code)});
}

void check(Response const& answer, std::size_t size, std::size_t received, std::size_t index) {
  auto const nth = "answer " + std::to_string(index) + ": ";
  expect(answer.payload() == pattern(size), nth + std::to_string(answer.payload().size()) + " bytes, not " +
                                                std::to_string(size) + " of the pattern");
  expect(answer.received_bytes() == received, nth + "the server got " +
                                                  std::to_string(answer.received_bytes()) + " bytes, not " +
                                                  std::to_string(received));
  expect(answer.index() == index, nth + "it has the index " + std::to_string(answer.index()));
  expect(!answer.corrupt(), nth + "the request came to the server corrupt");
}

void check_all(std::vector<Response> const& answers, std::size_t count, std::size_t size,
               std::size_t received) {
  expect(answers.size() == count, std::to_string(answers.size()) + " answers, not " + std::to_string(count));
  for (std::size_t i = 0; i != count; ++i) check(answers[i], size, received, i);
}

sluice::call_options within(sluice::duration timeout) { return sluice::call_options{}.timeout(timeout); }

Request request_for(std::size_t payload, std::size_t size, std::size_t count) {
  Request request;
  request.set_payload(pattern(payload));
  request.set_response_size(static_cast<std::uint32_t>(size));
  request.set_response_count(static_cast<std::uint32_t>(count));
  return request;
}

std::string name_of(kind which) {
  constexpr char const* names[] = {"Unary", "Download", "Upload", "Chat"};
  return names[static_cast<std::size_t>(which)];
}

namespace {

sluice::generator<Request> requests(Request request, bool keep_open) {
  co_yield request;
  if (!keep_open) co_return;
  sluice::event never;  // until the call's end stops the wait
  co_await never.wait();
}

}  // namespace

one_call::one_call(stubs on, kind which, Request request, sluice::call_options options, bool keep_open)
    : request_{std::move(request)}, keep_open_{keep_open},
      call_{open(on, which, request_, std::move(options), keep_open)} {}

one_call::any_kind one_call::open(stubs const& on, kind which, Request const& request,
                                  sluice::call_options options, bool keep_open) {
  switch (which) {
    case kind::unary: return on.peer.Unary(request, std::move(options));
    case kind::download: return on.peer.Download(request, std::move(options));
    case kind::upload: return on.peer.Upload(requests(request, keep_open), std::move(options));
    case kind::chat: break;
  }
  return on.peer.Chat(std::move(options));
}

sluice::any_call& one_call::call() {
  return std::visit([](auto& call) -> sluice::any_call& { return call; }, call_);
}

sluice::task<void> one_call::write() {
  auto* const chat = std::get_if<chat_call>(&call_);
  if (chat == nullptr || std::exchange(written_, true)) co_return;
  co_await chat->write(request_);
  if (!keep_open_) co_await chat->writes_done();
}

sluice::task<void> one_call::first() {
  co_await write();
  Response const* answer = nullptr;
  if (auto* const download = std::get_if<sluice::server_streaming_call<Response>>(&call_))
    answer = co_await download->next();
  else if (auto* const chat = std::get_if<chat_call>(&call_)) answer = co_await chat->next();
  else co_return;
  expect(answer != nullptr, "ended before the first answer");
  check(*answer, 0, 0);
}

sluice::task<sluice::status> one_call::end() {
  try {
    co_await write();
    if (auto* const unary = std::get_if<sluice::unary_call<Response>>(&call_))
      static_cast<void>(co_await *unary);
    else if (auto* const upload = std::get_if<sluice::client_streaming_call<Request, Response>>(&call_))
      static_cast<void>(co_await *upload);
    else if (auto* const download = std::get_if<sluice::server_streaming_call<Response>>(&call_))
      while (auto const* const answer = co_await download->next()) answers_.push_back(*answer);
    else if (auto* const chat = std::get_if<chat_call>(&call_))
      while (auto const* const answer = co_await chat->next()) answers_.push_back(*answer);
  } catch (sluice::status_error const& error) {
    expect(call().ended() && error.status() == call().status(), "threw '" + error.status().to_string() +
                                                                    "', but the call has '" +
                                                                    call().status().to_string() + '\'');
  }
  co_return call().status();
}
