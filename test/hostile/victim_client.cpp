// SPDX-License-Identifier: Apache-2.0
// Two channels of one program: a well-behaved one, whose calls are timed all along, and one to a server that attacks.
//
// Commands, a line each on standard input; each is answered by one line of JSON, in any order:
//   mark                              how the well-behaved calls did since the last mark
//   call ID KIND TIMES TIMEOUT SIZE   TIMES calls to the attacker at once: unary, download, upload or chat, of at most
//                                     TIMEOUT ms, with SIZE bytes in each request
// The end of the input ends the program.
#include "hostile.sluice.hpp"

#include <sluice/sluice.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using sluice::as_result;
using sluice::call_options;
using sluice::status;
using sluice::task;
using sluice::hostile::Answer;
using sluice::hostile::VictimStub;
using sluice::hostile::Wish;

std::string quoted(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out.append({'\\', c});
    else if (byte < 0x20 || byte > 0x7e) out.append("\\u00").append({digits[byte >> 4], digits[byte & 15]});
    else out.push_back(c);
  }
  return out + '"';
}

/// The well-behaved calls' latencies. Its memory is taken at the beginning: the program's is measured.
class latencies {
 public:
  latencies() : samples_(most_) { samples_.clear(); }
  void add(std::chrono::microseconds took) {
    if (samples_.size() != most_) samples_.push_back(static_cast<std::uint32_t>(took.count()));
  }
  void failed(status const& why) {
    ++failures_;
    why_ = why;
  }
  /// As JSON; begins anew.
  std::string mark() {
    std::sort(samples_.begin(), samples_.end());
    std::ostringstream out;
    out << "{\"mark\": true, \"count\": " << samples_.size() << ", \"failed\": " << failures_
        << ", \"why\": " << quoted(why_.message()) << ", \"p50\": " << at(50) << ", \"p99\": " << at(99)
        << ", \"most\": " << at(100) << "}";
    samples_.clear();
    failures_ = 0;
    return out.str();
  }

 private:
  [[nodiscard]] std::uint32_t at(std::size_t percent) const {
    if (samples_.empty()) return 0;
    return samples_[std::min(samples_.size() - 1, samples_.size() * percent / 100)];
  }

  static constexpr std::size_t most_ = 100'000;
  std::vector<std::uint32_t> samples_;
  std::uint64_t failures_ = 0;
  status why_;
};

task<void> behave_well(sluice::channel& on, latencies& into, std::chrono::milliseconds pause) {
  VictimStub stub{on};
  Wish wish;
  wish.set_payload(std::string(100, 'p'));
  for (;;) {
    auto const began = std::chrono::steady_clock::now();
    auto const answer = co_await as_result(stub.Unary(wish, call_options{}.timeout(10s)));
    auto const took = std::chrono::steady_clock::now() - began;
    if (!answer) into.failed(answer.status());
    else into.add(std::chrono::duration_cast<std::chrono::microseconds>(took));
    co_await sluice::sleep_for(pause);  // sleep: the pace of the calls
  }
}

struct attempt {
  std::string id;
  std::string kind;
  unsigned times = 1;
  std::chrono::milliseconds timeout{};
  Wish wish;
};

/// What came of one attempt's calls.
struct outcomes {
  std::map<unsigned, unsigned> codes;
  std::uint64_t messages = 0;
  status last;
};

constexpr unsigned most_requests = 100'000;  // the server, or the timeout, ends the call before

task<void> download(VictimStub stub, attempt const& what, outcomes& into) {
  auto answers = stub.Download(what.wish, call_options{}.timeout(what.timeout));
  while (co_await answers.next()) ++into.messages;
}

task<void> upload(VictimStub stub, attempt const& what, outcomes& into) {
  auto call = stub.Upload(call_options{}.timeout(what.timeout));
  for (unsigned i = 0; i != most_requests; ++i) co_await call.write(what.wish);
  static_cast<void>(co_await call.finish());
  ++into.messages;
}

task<void> chat(VictimStub stub, attempt const& what, outcomes& into) {
  auto call = stub.Chat(call_options{}.timeout(what.timeout));
  co_await call.write(what.wish);
  co_await call.writes_done();
  while (co_await call.next()) ++into.messages;
}

task<void> unary(VictimStub stub, attempt const& what, outcomes& into) {
  static_cast<void>(co_await stub.Unary(what.wish, call_options{}.timeout(what.timeout)));
  ++into.messages;
}

task<void> call_once(VictimStub stub, attempt const& what, outcomes& into) {
  status how;
  try {
    if (what.kind == "download") co_await download(stub, what, into);
    else if (what.kind == "upload") co_await upload(stub, what, into);
    else if (what.kind == "chat") co_await chat(stub, what, into);
    else co_await unary(stub, what, into);
  } catch (sluice::status_error const& error) { how = error.status(); }
  ++into.codes[static_cast<unsigned>(how.code())];
  into.last = how;
}

task<void> call(sluice::channel& on, attempt what) {
  outcomes into;
  sluice::scope work;
  for (unsigned i = 0; i != what.times; ++i) work.spawn(call_once(VictimStub{on}, what, into));
  co_await work.join();
  std::ostringstream out;
  out << "{\"call\": " << quoted(what.id) << ", \"codes\": {";
  char const* comma = "";
  for (auto const& [code, times] : into.codes) {
    out << comma << '"' << code << "\": " << times;
    comma = ", ";
  }
  out << "}, \"messages\": " << into.messages << ", \"text\": " << quoted(into.last.message()) << "}";
  std::cout << out.str() << std::endl;
}

std::optional<attempt> parse_call(std::istringstream& words) {
  attempt made;
  unsigned timeout = 0;
  std::size_t size = 0;
  if (!(words >> made.id >> made.kind >> made.times >> timeout >> size)) return std::nullopt;
  made.timeout = std::chrono::milliseconds{timeout};
  made.wish.set_payload(std::string(size, 'q'));
  return made;
}

task<void> obey(asio::io_context& io, sluice::channel* evil, latencies& timed, sluice::scope& work) {
  asio::posix::stream_descriptor input{io, ::dup(STDIN_FILENO)};
  std::string heard;
  for (;;) {
    std::size_t size = 0;
    try {
      size = co_await asio::async_read_until(input, asio::dynamic_buffer(heard), '\n', asio::deferred);
    } catch (boost::system::system_error const&) { co_return; }
    std::istringstream words{heard.substr(0, size)};
    heard.erase(0, size);
    std::string command;
    words >> command;
    if (command == "mark") {
      std::cout << timed.mark() << std::endl;
    } else if (command == "call" && evil != nullptr) {
      if (auto what = parse_call(words)) work.spawn(call(*evil, std::move(*what)));
    }
  }
}

task<void> until_told(asio::io_context& io, sluice::channel* good, sluice::channel* evil,
                      std::chrono::milliseconds pause) {
  latencies timed;
  sluice::scope work;
  if (good != nullptr) work.spawn(behave_well(*good, timed, pause));
  co_await obey(io, evil, timed, work);
  work.request_stop();
  co_await work.join();
  if (good != nullptr) co_await good->shutdown(1s);
  if (evil != nullptr) co_await evil->shutdown(1s);
}

void add_flags(CLI::App& app, sluice::channel_options& options) {
  app.add_option("--max-receive-size", options.max_receive_size, "bytes of a message");
  app.add_option_function<unsigned>(
      "--connect-timeout",
      [&options](unsigned ms) { options.connect_timeout = std::chrono::milliseconds{ms}; }, "milliseconds");
  app.add_option_function<unsigned>(
      "--write-timeout",
      [&options](unsigned ms) { options.limits.write_timeout = std::chrono::milliseconds{ms}; },
      "milliseconds");
}

/// Files; without roots there is no TLS.
struct tls_files {
  std::string roots;
  std::string chain;
  std::string key;
};

sluice::tls_client trusting(tls_files const& files) {
  sluice::tls_client_options options;
  options.roots = sluice::pem::file(files.roots);
  if (!files.chain.empty())
    options.certificate = {sluice::pem::file(files.chain), sluice::pem::file(files.key)};
  options.server_name = "localhost";
  return sluice::tls_client{std::move(options)};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Calls a server well, and one that attacks."};
  std::string good_target;
  std::string evil_target;
  tls_files good_tls;
  tls_files evil_tls;
  unsigned pause = 2;
  sluice::channel_options options;
  options.backoff_initial = 10ms;  // an attacker is called again at once
  options.backoff_max = 20ms;
  app.add_option("--good", good_target, "whom to call all along, timing it");
  app.add_option("--evil", evil_target, "whom to call when told to");
  app.add_option("--good-roots", good_tls.roots, "TLS to the good one: whom to trust");
  app.add_option("--good-chain", good_tls.chain, "the client's own certificate");
  app.add_option("--good-key", good_tls.key, "its key");
  app.add_option("--evil-roots", evil_tls.roots, "TLS to the evil one: whom to trust");
  app.add_option("--pause", pause, "milliseconds between the timed calls");
  add_flags(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    asio::io_context io{1};
    std::optional<sluice::channel> good;
    std::optional<sluice::channel> evil;
    sluice::channel_options well;
    if (!good_tls.roots.empty()) well.tls.emplace(trusting(good_tls));
    if (!evil_tls.roots.empty()) options.tls.emplace(trusting(evil_tls));
    if (!good_target.empty()) good.emplace(io.get_executor(), good_target, well);
    if (!evil_target.empty()) evil.emplace(io.get_executor(), evil_target, options);
    sluice::run(io, until_told(io, good ? &*good : nullptr, evil ? &*evil : nullptr,
                               std::chrono::milliseconds{pause}));
    return 0;
  } catch (std::exception const& error) {
    std::cerr << argv[0] << ": " << error.what() << '\n';
    return 1;
  }
}
