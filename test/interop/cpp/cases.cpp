// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include <array>
#include <exception>
#include <mutex>
#include <thread>

using namespace sluice::interop;
using grpc::Status;
using grpc::StatusCode;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr std::size_t mib = 1024 * 1024;
constexpr char const* message = "naïve ☃ 100% \"数据\" 🦀\nend";

enum class kind { unary, download, upload, chat };
constexpr std::array kinds{kind::unary, kind::download, kind::upload, kind::chat};

std::string name_of(kind k) {
  return std::array{"Unary", "Download", "Upload", "Chat"}[static_cast<std::size_t>(k)];
}

std::unique_ptr<grpc::ClientContext> within(std::chrono::milliseconds timeout = 15s) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + timeout);
  return context;
}

Request request_for(std::size_t payload, std::size_t size = 0, std::size_t count = 0) {
  Request request;
  request.set_payload(pattern(payload));
  request.set_response_size(static_cast<std::uint32_t>(size));
  request.set_response_count(static_cast<std::uint32_t>(count));
  return request;
}

void check(Response const& answer, std::size_t size, std::size_t received, std::size_t index = 0) {
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
  for (std::size_t i = 0; i < count; ++i) check(answers[i], size, received, i);
}

void expect_code(Status const& status, StatusCode code) {
  expect(status.error_code() == code, "code " + std::to_string(status.error_code()) + " (" +
                                          status.error_message() + "), not " + std::to_string(code));
}

void expect_message(Status const& status, StatusCode code) {
  expect_code(status, code);
  expect(status.error_message() == message, "message \"" + status.error_message() + '"');
}

// A call of any kind that sends one request: begin(), first() where a stream's first answer is wanted, end().
class call {
 public:
  call(stubs stub, kind k, Request request, std::unique_ptr<grpc::ClientContext> context)
      : stub_{stub}, kind_{k}, request_{std::move(request)}, context_{std::move(context)} {}

  // keep_open: the client's half of a stream is not closed.
  call& begin(bool keep_open = false) {
    if (kind_ == kind::download) download_ = stub_.peer.Download(context_.get(), request_);
    if (kind_ == kind::upload) {
      upload_ = stub_.peer.Upload(context_.get(), &single_);
      upload_->Write(request_);
      if (!keep_open) upload_->WritesDone();
    }
    if (kind_ == kind::chat) {
      chat_ = stub_.peer.Chat(context_.get());
      chat_->Write(request_);
      if (!keep_open) chat_->WritesDone();
    }
    return *this;
  }

  void first() {
    Response answer;
    if (kind_ == kind::download) expect(download_->Read(&answer), "ended before the first answer");
    if (kind_ == kind::chat) expect(chat_->Read(&answer), "ended before the first answer");
    if (kind_ == kind::download || kind_ == kind::chat) check(answer, 0, 0);
  }

  Status end() {
    if (kind_ == kind::unary) return stub_.peer.Unary(context_.get(), request_, &single_);
    if (kind_ == kind::upload) return upload_->Finish();
    Response answer;
    if (kind_ == kind::download) {
      while (download_->Read(&answer)) answers_.push_back(answer);
      return download_->Finish();
    }
    while (chat_->Read(&answer)) answers_.push_back(answer);
    return chat_->Finish();
  }

  grpc::ClientContext& context() { return *context_; }
  std::vector<Response> const& answers() const { return answers_; }

 private:
  stubs stub_;
  kind kind_;
  Request request_;
  std::unique_ptr<grpc::ClientContext> context_;
  Response single_;
  std::vector<Response> answers_;
  std::unique_ptr<grpc::ClientReaderInterface<Response>> download_;
  std::unique_ptr<grpc::ClientWriterInterface<Request>> upload_;
  std::unique_ptr<grpc::ClientReaderWriterInterface<Request, Response>> chat_;
};

// Runs the body for each kind of call; a failure names the kind.
template <typename Body>
void for_all_kinds(Body body) {
  for (auto k : kinds) {
    try {
      body(k);
    } catch (failure const& error) { throw failure{name_of(k) + ": " + error.what()}; }
  }
}

Status unary(stubs stub, Request const& request, Response& answer) {
  return stub.peer.Unary(within().get(), request, &answer);
}

void unary_of(stubs stub, std::size_t size) {
  Response answer;
  expect_code(unary(stub, request_for(size, size), answer), StatusCode::OK);
  check(answer, size, size);
}

void unary_empty(stubs stub) {
  Response answer;
  expect_code(unary(stub, Request{}, answer), StatusCode::OK);
  expect(answer.ByteSizeLong() == 0, "an answer of " + std::to_string(answer.ByteSizeLong()) + " bytes");
}

CountsResponse counts(stubs stub) {
  CountsResponse seen;
  expect_code(stub.peer.Counts(within().get(), CountsRequest{}, &seen), StatusCode::OK);
  return seen;
}

// Asks the server until the fact holds, for 5 s at most.
template <typename Fact>
void until(stubs stub, Fact fact, std::string const& why) {
  for (auto const end = clock_type::now() + 5s;;) {
    auto const seen = counts(stub);
    if (fact(seen)) return;
    expect(clock_type::now() < end, why + ": " + std::to_string(seen.cancelled()) + " cancelled, " +
                                        std::to_string(seen.sleeping()) + " sleeping");
    std::this_thread::sleep_for(10ms);
  }
}

void download_of(stubs stub, std::size_t count, std::size_t size) {
  call one{stub, kind::download, request_for(0, size, count), within()};
  expect_code(one.begin().end(), StatusCode::OK);
  check_all(one.answers(), count, size, 0);
}

void upload_of(stubs stub, std::vector<Request> const& requests) {
  Response answer;
  auto context = within();
  auto call = stub.peer.Upload(context.get(), &answer);
  std::size_t total = 0;
  for (auto const& request : requests) {
    call->Write(request);
    total += request.payload().size();
  }
  call->WritesDone();
  expect_code(call->Finish(), StatusCode::OK);
  check(answer, 0, total);
  expect(answer.received_count() == requests.size(),
         "the server got " + std::to_string(answer.received_count()) + " requests");
}

void upload(stubs stub) {
  std::vector<Request> requests(100, request_for(1000));
  requests.push_back(request_for(3 * mib));
  upload_of(stub, requests);
  upload_of(stub, {});
}

void chat_ping_pong(stubs stub) {
  auto context = within();
  auto chat = stub.peer.Chat(context.get());
  Response answer;
  for (std::size_t i = 0; i < 20; ++i) {
    chat->Write(request_for(i, 100 * i, 1));
    expect(chat->Read(&answer), "ended before answer " + std::to_string(i));
    check(answer, 100 * i, i, i);
  }
  chat->WritesDone();
  expect(!chat->Read(&answer), "an answer after the last");
  expect_code(chat->Finish(), StatusCode::OK);
}

void chat_half_close_at_once(stubs stub) {
  for (std::size_t writes : {std::size_t{0}, std::size_t{5}}) {
    auto context = within();
    auto chat = stub.peer.Chat(context.get());
    for (std::size_t i = 0; i < writes; ++i) chat->Write(request_for(10, 20, 2));
    chat->WritesDone();
    std::vector<Response> answers;
    for (Response answer; chat->Read(&answer);) answers.push_back(answer);
    expect_code(chat->Finish(), StatusCode::OK);
    check_all(answers, 2 * writes, 20, 10);
  }
}

std::vector<std::string> values(std::multimap<grpc::string_ref, grpc::string_ref> const& metadata,
                                std::string const& key) {
  std::vector<std::string> found;
  auto const [begin, end] = metadata.equal_range(key);
  for (auto i = begin; i != end; ++i) found.emplace_back(i->second.data(), i->second.size());
  return found;
}

// Neighbours joined by a comma are taken apart again.
std::vector<std::string> apart(std::vector<std::string> const& lists) {
  std::vector<std::string> found;
  for (auto const& list : lists) {
    std::size_t from = 0;
    while (from <= list.size()) {
      auto const comma = std::min(list.find(',', from), list.size());
      auto const begin = std::min(list.find_first_not_of(' ', from), comma);
      found.push_back(list.substr(begin, comma - begin));
      from = comma + 1;
    }
  }
  return found;
}

void metadata(stubs stub) {
  std::string all(256, '\0');
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i);
  std::vector<std::string> const initial{"first", "second"};
  std::vector<std::string> const trailing{all, "\xff", "\x80\xfe", std::string{"\x00\x01\x02", 3}};
  for_all_kinds([&](kind k) {
    call one{stub, k, request_for(0, 0, 1), within()};
    for (auto const& value : initial) one.context().AddMetadata("x-echo-initial", value);
    for (auto const& value : trailing) one.context().AddMetadata("x-echo-trailing-bin", value);
    expect_code(one.begin().end(), StatusCode::OK);
    expect(apart(values(one.context().GetServerInitialMetadata(), "x-echo-initial")) == initial,
           "the initial metadata is not what was sent");
    expect(values(one.context().GetServerTrailingMetadata(), "x-echo-trailing-bin") == trailing,
           "the trailing metadata is not what was sent");
  });
}

Request with_status(int code, std::size_t count = 0) {
  auto request = request_for(0, 0, count);
  request.mutable_status()->set_code(code);
  request.mutable_status()->set_message(message);
  return request;
}

void status(stubs stub) {
  for (int code = 1; code <= 16; ++code) {
    Response answer;
    expect_message(unary(stub, with_status(code), answer), static_cast<StatusCode>(code));
  }
  for_all_kinds([&](kind k) {
    std::size_t const count = k == kind::download ? 2 : k == kind::chat ? 1 : 0;
    call one{stub, k, with_status(9, count), within()};
    expect_message(one.begin().end(), StatusCode::FAILED_PRECONDITION);
    check_all(one.answers(), count, 0, 0);
  });
}

void unimplemented(stubs stub) {
  Response answer;
  expect_code(stub.peer.Missing(within().get(), Request{}, &answer), StatusCode::UNIMPLEMENTED);
  expect_code(stub.absent.Nothing(within().get(), Request{}, &answer), StatusCode::UNIMPLEMENTED);
  unary_of(stub, 1);
}

Request sleeping() {
  auto request = request_for(0, 0, 1);
  request.set_sleep_until_cancelled(true);
  return request;
}

void deadline(stubs stub) {
  auto const before = counts(stub);
  for_all_kinds([&](kind k) {
    auto request = sleeping();
    request.set_response_count(0);
    auto const begun = clock_type::now();
    call one{stub, k, request, within(300ms)};
    expect_code(one.begin(true).end(), StatusCode::DEADLINE_EXCEEDED);
    auto const took = clock_type::now() - begun;
    expect(took >= 250ms && took <= 2s, "over after " + std::to_string(took / 1ms) + " ms");
  });
  until(
      stub, [&](auto& seen) { return seen.cancelled() == before.cancelled() + 4; },
      "the server did not see all 4 end");
}

void cancel(stubs stub) {
  for_all_kinds([&](kind k) {
    auto const before = counts(stub);
    call one{stub, k, sleeping(), within()};
    one.begin(true).first();
    Status ended;
    std::thread end{[&] { ended = one.end(); }};
    std::exception_ptr error;
    clock_type::time_point begun;
    try {
      until(
          stub, [&](auto& seen) { return seen.sleeping() == before.sleeping() + 1; },
          "the server did not sleep");
    } catch (failure const&) { error = std::current_exception(); }
    begun = clock_type::now();
    one.context().TryCancel();
    end.join();
    if (error) std::rethrow_exception(error);
    expect_code(ended, StatusCode::CANCELLED);
    expect(clock_type::now() - begun < 2s, "over only after 2 s");
    until(
        stub, [&](auto& seen) { return seen.cancelled() == before.cancelled() + 1; },
        "the server saw no cancel");
  });
}

// Runs 100 bodies in as many threads and throws the first failure.
template <typename Body>
void together(Body body) {
  std::mutex guard;
  std::exception_ptr first;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 100; ++i) {
    threads.emplace_back([&, i] {
      try {
        body(i);
      } catch (...) {
        std::lock_guard lock{guard};
        if (!first) first = std::current_exception();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

void hundred_at_once(stubs stub) {
  together([&](std::size_t i) {
    auto request = request_for(i, i);
    request.set_delay_ms(100);
    Response answer;
    expect_code(unary(stub, request, answer), StatusCode::OK);
    check(answer, i, i);
  });
  // All 100 are open at this point: none half-closes before each has read its first answer.
  using chat_stream = grpc::ClientReaderWriterInterface<Request, Response>;
  std::vector<std::pair<std::unique_ptr<grpc::ClientContext>, std::unique_ptr<chat_stream>>> chats(100);
  together([&](std::size_t i) {
    auto& [context, chat] = chats[i];
    context = within();
    chat = stub.peer.Chat(context.get());
    chat->Write(request_for(i, i, 1));
    Response answer;
    expect(chat->Read(&answer), "chat " + std::to_string(i) + " ended early");
    check(answer, i, i);
  });
  together([&](std::size_t i) {
    auto& chat = chats[i].second;
    chat->WritesDone();
    Response answer;
    expect(!chat->Read(&answer), "an answer after the last");
    expect_code(chat->Finish(), StatusCode::OK);
  });
}

void over_limit(stubs stub) {
  for (auto const& request : {request_for(5 * mib), request_for(0, 5 * mib)}) {
    Response answer;
    expect_code(unary(stub, request, answer), StatusCode::RESOURCE_EXHAUSTED);
  }
  unary_of(stub, 1);
}

}  // namespace

std::vector<std::pair<std::string, std::function<void(stubs)>>> const& cases() {
  static std::vector<std::pair<std::string, std::function<void(stubs)>>> const all{
      {"unary_empty", unary_empty},
      {"unary_1", [](stubs stub) { unary_of(stub, 1); }},
      {"unary_64k", [](stubs stub) { unary_of(stub, 65536); }},
      {"unary_3m", [](stubs stub) { unary_of(stub, 3 * mib); }},
      {"download", [](stubs stub) { download_of(stub, 100, 1000), download_of(stub, 0, 1000); }},
      {"download_3m", [](stubs stub) { download_of(stub, 4, 3 * mib); }},
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
  return all;
}
