// SPDX-License-Identifier: Apache-2.0
#include "trial.hpp"

#include "dialogue/text_service.hpp"
#include "failing_memory.hpp"

#include <sluice/client/calls.hpp>
#include <sluice/client/channel.hpp>
#include <sluice/coro/asio.hpp>
#include <sluice/server/server.hpp>
#include <sluice/testing/in_process.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <thread>
#include <utility>

namespace torture {
namespace {

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

// Longer than what a small string holds, so that each is an allocation.
text words(int index) { return text{"the words of this conversation, number " + std::to_string(index)}; }

generator<text> some_words() {
  for (int i = 0; i != 3; ++i) co_yield words(i);
}

task<void> converse_unary(channel& on) {
  unary_call<text> call{on, text_service::unary_method, words(0),
                        call_options{}.metadata({{"x-long-key", "value"}})};
  text const answer = co_await call;
  if (answer.value != words(0).value) throw std::logic_error{"the answer is another one"};
}
template <class Call>
task<void> count_answers(Call& call, int expected) {
  int count = 0;
  while (co_await call.next() != nullptr) ++count;
  if (count != expected) throw std::logic_error{"answers are missing, and the call is OK"};
}
task<void> converse_server_streaming(channel& on) {
  server_streaming_call<text> call{on, text_service::server_method, words(0), call_options{}};
  co_await count_answers(call, 3);
}
task<void> converse_client_streaming(channel& on) {
  client_streaming_call<text, text> call{on, text_service::client_method, some_words(), call_options{}};
  text const answer = co_await call;
  if (answer.value != words(0).value + words(1).value + words(2).value)
    throw std::logic_error{"the answer is another one"};
}
task<void> converse_bidi(channel& on) {
  bidi_streaming_call<text, text> call{on, text_service::bidi_method, some_words(), call_options{}};
  co_await count_answers(call, 3);
}
task<void> converse(channel& on, kind which) {
  switch (which) {
    case kind::unary: return converse_unary(on);
    case kind::server_streaming: return converse_server_streaming(on);
    case kind::client_streaming: return converse_client_streaming(on);
    case kind::bidi: break;
  }
  return converse_bidi(on);
}

struct call_end {
  bool over = false;
  std::exception_ptr error;
};
struct note_end {
  call_end* to;
  void operator()(std::exception_ptr error) const noexcept {
    to->error = std::move(error);
    to->over = true;
  }
};

std::string describe(std::exception_ptr const& error) {
  if (!error) return "OK";
  try {
    std::rethrow_exception(error);
  } catch (status_error const& failed) { return failed.status().to_string(); } catch (std::bad_alloc const&) {
    return "std::bad_alloc";
  } catch (std::exception const& other) { return std::string{"exception: "} + other.what(); }
}

channel_options quick() {
  channel_options options;
  options.backoff_initial = options.backoff_max = 1ms;
  options.idle_timeout = duration::max();
  options.log = [](log_level, std::string_view) {};
  return options;
}
server_options told() {
  server_options options;
  options.log = [](log_level, std::string_view) {};
  return options;
}

/// Both ends, and how to run them.
class stage {
 public:
  explicit stage(verdict& into) : verdict_{into} { served.add(service); }

  void play(channel& on, kind which) {
    call_end how;
    try {
      spawn(io, converse(on, which), note_end{&how});
      run_until([&] { return how.over; });
    } catch (std::bad_alloc const&) {
      how.error = std::current_exception();
      how.over = true;
    }
    memory::pause const ours;
    if (!how.over) return wrong("the call hangs");
    verdict_.outcome = describe(how.error);
    if (verdict_.outcome.starts_with("exception")) wrong("the call failed by an " + verdict_.outcome);
  }
  // What failed once must not have broken anything for good.
  void play_again(channel& on) {
    std::string last;
    for (int i = 0; i != 10; ++i) {
      call_end how;
      try {
        spawn(io, converse_unary(on), note_end{&how});
        run_until([&] { return how.over; });
      } catch (std::bad_alloc const&) { continue; }
      memory::pause const ours;
      if (!how.over) return wrong("the next call hangs");
      if (!how.error) return;
      last = describe(how.error);
      run_for(5ms);  // a back-off
    }
    wrong("the next call ends with " + last);
  }
  void close(channel& on) {
    for (int i = 0; i != 2; ++i) {
      try {
        on.close();
        served.stop(0s);
        break;
      } catch (std::bad_alloc const&) {  // told to the caller, who asks again
      }
    }
    run_until([&] { return served.connections() == 0 && served.active_calls() == 0; });
    if (served.connections() != 0) wrong("a connection of the server is left");
    if (served.active_calls() != 0) wrong("a call of the server is left");
  }
  void wrong(std::string_view why) {
    memory::pause const ours;
    if (verdict_.wrong.empty()) verdict_.wrong = why;
  }

  asio::io_context io{1};
  text_service service;
  server served{io.get_executor(), told()};

 private:
  template <class Condition>
  void run_until(Condition holds) {
    auto const limit = std::chrono::steady_clock::now() + 3s;
    while (!holds() && std::chrono::steady_clock::now() < limit) run_for(3s, holds);
  }
  void run_for(duration time) {
    run_for(time, [] { return false; });
  }
  template <class Condition>
  void run_for(duration time, Condition holds) {
    auto const limit = std::chrono::steady_clock::now() + time;
    if (io.stopped()) io.restart();
    try {
      while (!holds() && std::chrono::steady_clock::now() < limit)
        if (io.run_one_until(limit) == 0) return;
    } catch (std::bad_alloc const&) {
      if (std::exchange(verdict_.thrown, true)) wrong("io_context::run threw twice");
    }
  }

  verdict& verdict_;
};

// A thread of its own begins without pooled memory, so that each allocation of the call is one.
template <class Body>
verdict in_a_thread(Body body) {
  verdict result;
  auto const before = memory::in_use();
  std::thread{[&] { body(result); }}.join();
  auto const after = memory::in_use();
  std::size_t const own = result.outcome.capacity() > 15 ? result.outcome.capacity() + 64 : 0;
  if (after > before + own + result.wrong.capacity() + 64)
    result.wrong += " [leaks " + std::to_string(after - before) + " bytes]";
  return result;
}

}  // namespace

char const* name_of(kind which) noexcept {
  switch (which) {
    case kind::unary: return "unary";
    case kind::server_streaming: return "server streaming";
    case kind::client_streaming: return "client streaming";
    case kind::bidi: return "bidirectional";
  }
  return "";
}

char const* name_of(io_fault which) noexcept {
  switch (which) {
    case io_fault::client_read: return "client's read";
    case io_fault::client_write: return "client's write";
    case io_fault::server_read: return "server's read";
    case io_fault::server_write: return "server's write";
    case io_fault::client_end: return "end of what the client reads";
    case io_fault::server_end: return "end of what the server reads";
  }
  return "";
}

verdict fail_allocation(kind which, std::size_t nth) {
  return in_a_thread([=](verdict& result) {
    stage on{result};
    std::string const address = on.served.listen("127.0.0.1:0");
    std::optional<channel> through;
    through.emplace(on.io.get_executor(), address, quick());
    memory::arm(nth);
    on.play(*through, which);
    result.failed = memory::failed();
    on.play_again(*through);
    on.close(*through);
    through.reset();
    result.failed = memory::failed();
    result.count = memory::disarm();
    if (result.failed && !result.wrong.empty()) memory::print_place();
  });
}

verdict fail_io(kind which, io_fault what, std::size_t nth) {
  return in_a_thread([=](verdict& result) {
    stage on{result};
    auto const record = std::make_shared<testing::pipe_record>();
    testing::pipe_options options;
    bool const client =
        what == io_fault::client_read || what == io_fault::client_write || what == io_fault::client_end;
    auto& end = client ? options.first : options.second;
    end.record = record;
    options.capacity = 64;  // so that there are many reads and writes
    if (nth != 0) {
      if (what == io_fault::client_read || what == io_fault::server_read) end.fail_read = nth;
      if (what == io_fault::client_write || what == io_fault::server_write) end.fail_write = nth;
      if (what == io_fault::client_end || what == io_fault::server_end) end.end_after = nth;
    }
    bool first = true;  // the connections after it are whole
    channel through{on.io.get_executor(),
                    [&]() {
                      auto [ours, theirs] =
                          testing::make_pipe(on.io.get_executor(),
                                             std::exchange(first, false) ? options : testing::pipe_options{});
                      on.served.serve(std::move(theirs));
                      return std::move(ours);
                    },
                    quick()};
    on.play(through, which);
    result.failed = record->fault_fired;
    if (!result.failed && result.outcome != "OK")
      on.wrong("nothing failed, and the call ends with " + result.outcome);
    on.play_again(through);
    on.close(through);
    bool const reads = what == io_fault::client_read || what == io_fault::server_read;
    bool const writes = what == io_fault::client_write || what == io_fault::server_write;
    result.count = reads    ? record->reads
                   : writes ? record->writes
                            : static_cast<std::size_t>(record->bytes_read);
  });
}

}  // namespace torture
