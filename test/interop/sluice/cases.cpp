// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace {

constexpr std::size_t mib = 1024 * 1024;
constexpr char const* message = "naïve ☃ 100% \"数据\" 🦀\nend";

/// Runs the body for each kind of call; a failure names the kind.
sluice::task<void> for_all_kinds(stubs on, sluice::task<void> (*body)(stubs, kind)) {
  for (auto const which : kinds) {
    try {
      co_await body(on, which);
    } catch (failure const& error) { throw failure{name_of(which) + ": " + error.what()}; }
  }
}

sluice::task<void> unary_of(stubs on, std::size_t size) {
  auto const request = request_for(size, size);
  check(co_await on.peer.Unary(request, within()), size, size);
}
sluice::task<void> unary_1(stubs on) { return unary_of(on, 1); }
sluice::task<void> unary_64k(stubs on) { return unary_of(on, 65536); }
sluice::task<void> unary_3m(stubs on) { return unary_of(on, 3 * mib); }

sluice::task<void> unary_empty(stubs on) {
  Request const empty;
  expect(empty.ByteSizeLong() == 0, "the request is not empty");
  auto const answer = co_await on.peer.Unary(empty, within());
  expect(answer.ByteSizeLong() == 0, "an answer of " + std::to_string(answer.ByteSizeLong()) + " bytes");
}

sluice::task<void> download_of(stubs on, std::size_t count, std::size_t size) {
  one_call download{on, kind::download, request_for(0, size, count), within()};
  expect_code(co_await download.end(), sluice::code::ok);
  check_all(download.answers(), count, size, 0);
}

sluice::task<void> download(stubs on) {
  co_await download_of(on, 100, 1000);
  co_await download_of(on, 0, 1000);
}
sluice::task<void> download_3m(stubs on) { return download_of(on, 4, 3 * mib); }

sluice::task<void> upload_of(stubs on, std::vector<Request> requests) {
  auto call = on.peer.Upload(within());
  std::size_t total = 0;
  for (auto const& request : requests) {
    co_await call.write(request);
    total += request.payload().size();
  }
  auto const answer = co_await call.finish();
  check(answer, 0, total);
  expect(answer.received_count() == requests.size(),
         "the server got " + std::to_string(answer.received_count()) + " requests");
}

sluice::task<void> upload(stubs on) {
  std::vector<Request> requests(100, request_for(1000));
  requests.push_back(request_for(3 * mib));
  co_await upload_of(on, std::move(requests));
  co_await upload_of(on, {});
}

sluice::task<void> chat_ping_pong(stubs on) {
  auto chat = on.peer.Chat(within());
  for (std::size_t i = 0; i != 20; ++i) {
    auto const request = request_for(i, 100 * i, 1);
    co_await chat.write(request);
    auto const* const answer = co_await chat.next();
    expect(answer != nullptr, "ended before answer " + std::to_string(i));
    check(*answer, 100 * i, i, i);
  }
  co_await chat.writes_done();
  expect(co_await chat.next() == nullptr, "an answer after the last");
}

sluice::task<void> chat_half_close_at_once(stubs on) {
  for (std::size_t const writes : {0U, 5U}) {
    auto chat = on.peer.Chat(within());
    auto const request = request_for(10, 20, 2);
    for (std::size_t i = 0; i != writes; ++i) co_await chat.write(request);
    co_await chat.writes_done();
    std::vector<Response> answers;
    while (auto const* const answer = co_await chat.next()) answers.push_back(*answer);
    check_all(answers, 2 * writes, 20, 10);
  }
}

std::vector<std::string> values(sluice::metadata const& of, std::string_view key) {
  auto const all = of.get_all(key);
  return {all.begin(), all.end()};
}

/// Neighbours that were joined by a comma are taken apart again.
std::vector<std::string> apart(std::vector<std::string> const& lists) {
  std::vector<std::string> found;
  for (auto const& list : lists) {
    for (std::size_t from = 0; from <= list.size();) {
      auto const comma = std::min(list.find(',', from), list.size());
      auto const begin = std::min(list.find_first_not_of(' ', from), comma);
      found.push_back(list.substr(begin, comma - begin));
      from = comma + 1;
    }
  }
  return found;
}

sluice::task<void> metadata_of(stubs on, kind which) {
  std::string all(256, '\0');
  for (std::size_t i = 0; i != all.size(); ++i) all[i] = static_cast<char>(i);
  std::vector<std::string> const initial{"first", "second"};
  std::vector<std::string> const trailing{all, "\xff", "\x80\xfe", std::string{"\x00\x01\x02", 3}};
  sluice::metadata sent;
  for (auto const& value : initial) sent.add("x-echo-initial", value);
  for (auto const& value : trailing) sent.add("x-echo-trailing-bin", value);

  one_call one{on, which, request_for(0, 0, 1), within().metadata(std::move(sent))};
  expect_code(co_await one.end(), sluice::code::ok);
  expect(apart(values(one.call().initial_metadata(), "x-echo-initial")) == initial,
         "the initial metadata is not what was sent");
  expect(values(one.call().trailing_metadata(), "x-echo-trailing-bin") == trailing,
         "the trailing metadata is not what was sent");
}
sluice::task<void> metadata(stubs on) { return for_all_kinds(on, metadata_of); }

Request with_status(int code, std::size_t count) {
  auto request = request_for(0, 0, count);
  request.mutable_status()->set_code(code);
  request.mutable_status()->set_message(message);
  return request;
}

sluice::task<void> ends_with(stubs on, kind which, sluice::code code, std::size_t count) {
  one_call one{on, which, with_status(static_cast<int>(code), count), within()};
  auto const status = co_await one.end();
  expect_code(status, code);
  expect(status.message() == message, "message \"" + std::string{status.message()} + '"');
  expect(status.who() == sluice::origin::peer, "a status of the server's is taken for one of our own");
  check_all(one.answers(), count, 0, 0);
}

sluice::task<void> status_of(stubs on, kind which) {
  return ends_with(on, which, sluice::code::failed_precondition,
                   which == kind::download ? 2
                   : which == kind::chat   ? 1
                                           : 0);
}

sluice::task<void> status(stubs on) {
  for (int code = 1; code <= 16; ++code)
    co_await ends_with(on, kind::unary, static_cast<sluice::code>(code), 0);
  co_await for_all_kinds(on, status_of);
}

sluice::task<void> unimplemented(stubs on) {
  Request const request;
  auto const missing = co_await sluice::as_result(on.peer.Missing(request, within()));
  expect_code(missing.status(), sluice::code::unimplemented);
  auto const nothing = co_await sluice::as_result(on.absent.Nothing(request, within()));
  expect_code(nothing.status(), sluice::code::unimplemented);
  co_await unary_of(on, 1);
}

sluice::task<CountsResponse> counts(stubs on) {
  CountsRequest const request;
  co_return co_await on.peer.Counts(request, within());
}

/// Asks the server until its count is what it should be, for 5 s at most.
sluice::task<void> until(stubs on, std::uint64_t (CountsResponse::*count)() const, std::uint64_t wanted,
                         char const* why) {
  for (auto const end = clock_type::now() + 5s;;) {
    auto const seen = co_await counts(on);
    if ((seen.*count)() == wanted) co_return;
    expect(clock_type::now() < end, std::string{why} + ": " + std::to_string(seen.cancelled()) +
                                        " cancelled, " + std::to_string(seen.sleeping()) + " sleeping");
    co_await sluice::sleep_for(10ms);
  }
}

Request sleeping(std::size_t count) {
  auto request = request_for(0, 0, count);
  request.set_sleep_until_cancelled(true);
  return request;
}

sluice::task<void> deadline_of(stubs on, kind which) {
  one_call one{on, which, sleeping(0), within(300ms), true};
  auto const begun = clock_type::now();
  expect_code(co_await one.end(), sluice::code::deadline_exceeded);
  auto const took = clock_type::now() - begun;
  expect(took >= 250ms && took <= 2s, "over after " + std::to_string(took / 1ms) + " ms");
}

sluice::task<void> deadline(stubs on) {
  auto const before = co_await counts(on);
  co_await for_all_kinds(on, deadline_of);
  co_await until(on, &CountsResponse::cancelled, before.cancelled() + 4, "the server did not see all 4 end");
}

struct ending {
  sluice::status status;
  clock_type::time_point at;
};
sluice::task<void> await_end(one_call& one, ending& seen) {
  seen.status = co_await one.end();
  seen.at = clock_type::now();
}

sluice::task<void> cancel_of(stubs on, kind which) {
  auto const before = co_await counts(on);
  one_call one{on, which, sleeping(1), within(), true};
  co_await one.first();
  ending seen;
  sluice::scope beside;
  beside.spawn(await_end(one, seen));
  std::exception_ptr error;
  try {
    co_await until(on, &CountsResponse::sleeping, before.sleeping() + 1, "the server did not sleep");
  } catch (...) { error = std::current_exception(); }
  auto const cancelled = clock_type::now();
  one.call().cancel();
  co_await beside.join();
  if (error) std::rethrow_exception(error);
  expect_code(seen.status, sluice::code::cancelled);
  expect(seen.at - cancelled < 2s, "over only after 2 s");
  co_await until(on, &CountsResponse::cancelled, before.cancelled() + 1, "the server saw no cancel");
}
sluice::task<void> cancel(stubs on) { return for_all_kinds(on, cancel_of); }

sluice::task<void> delayed_unary(stubs on, std::size_t size) {
  auto request = request_for(size, size);
  request.set_delay_ms(100);
  check(co_await on.peer.Unary(request, within()), size, size);
}

sluice::task<void> begin_chat(chat_call& chat, std::size_t size) {
  auto const request = request_for(size, size, 1);
  co_await chat.write(request);
  auto const* const answer = co_await chat.next();
  expect(answer != nullptr, "chat " + std::to_string(size) + " ended early");
  check(*answer, size, size);
}

sluice::task<void> end_chat(chat_call& chat) {
  co_await chat.writes_done();
  expect(co_await chat.next() == nullptr, "an answer after the last");
}

sluice::task<void> hundred_at_once(stubs on) {
  std::vector<sluice::task<void>> unaries;
  for (std::size_t i = 0; i != 100; ++i) unaries.push_back(delayed_unary(on, i));
  co_await sluice::when_all(std::move(unaries));

  std::vector<chat_call> chats;
  for (std::size_t i = 0; i != 100; ++i) chats.push_back(on.peer.Chat(within()));
  std::vector<sluice::task<void>> begun;
  for (std::size_t i = 0; i != 100; ++i) begun.push_back(begin_chat(chats[i], i));
  co_await sluice::when_all(std::move(begun));
  // All 100 are open here: none has half-closed before each has read its first answer.
  std::vector<sluice::task<void>> ended;
  for (auto& chat : chats) ended.push_back(end_chat(chat));
  co_await sluice::when_all(std::move(ended));
}

sluice::task<void> over_limit(stubs on) {
  auto const large_request = request_for(5 * mib);
  auto const request = co_await sluice::as_result(on.peer.Unary(large_request, within()));
  expect_code(request.status(), sluice::code::resource_exhausted);
  auto const large_answer = request_for(0, 5 * mib);
  auto const answer = co_await sluice::as_result(on.peer.Unary(large_answer, within()));
  expect_code(answer.status(), sluice::code::resource_exhausted);
  co_await unary_of(on, 1);
}

constexpr test_case all[] = {
    {"unary_empty", unary_empty},
    {"unary_1", unary_1},
    {"unary_64k", unary_64k},
    {"unary_3m", unary_3m},
    {"download", download},
    {"download_3m", download_3m},
    {"upload", upload},
    {"chat_ping_pong", chat_ping_pong},
    {"chat_half_close_at_once", chat_half_close_at_once},
    {"metadata", metadata},
    {"status", status},
    {"unimplemented", unimplemented},
    {"deadline", deadline},
    {"cancel", cancel},
    {"hundred_at_once", hundred_at_once},
    {"over_limit", over_limit},
};

}  // namespace

std::span<test_case const> cases() { return all; }
