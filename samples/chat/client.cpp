// SPDX-License-Identifier: Apache-2.0
// Joins chat.Room: says the lines of the standard input, and prints what happens in the room.
#include "chat.sluice.hpp"
#include "program.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>

#include <exception>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

namespace asio = boost::asio;

/// The lines of the standard input, until it ends.
class Input {
 public:
  explicit Input(asio::io_context& io) : descriptor_{io, ::dup(STDIN_FILENO)} {}

  sluice::generator<std::string> lines() {
    std::string buffer;
    std::string line;
    for (;;) {
      auto const [error, size] = co_await asio::async_read_until(descriptor_, asio::dynamic_buffer(buffer),
                                                                 '\n', asio::as_tuple(asio::deferred));
      if (error) break;
      line.assign(buffer, 0, size - 1);
      buffer.erase(0, size);
      co_yield line;
    }
    if (!buffer.empty()) co_yield buffer;  // the last line, without its end
  }

 private:
  asio::posix::stream_descriptor descriptor_;
};

// The requests of the call. When it ends, the member leaves; when the call ends first, whatever this waits for is
// cancelled.
sluice::generator<chat::Line> speak(Input& input, std::string name, std::vector<std::string> said) {
  chat::Line line;
  line.set_join(name);
  co_yield line;
  for (auto& text : said) {
    line.set_say(std::move(text));
    co_yield line;
  }
  auto lines = input.lines();
  while (std::string* const text = co_await lines.next()) {
    line.set_say(std::move(*text));
    co_yield line;
  }
}

void print(chat::Event const& event) {
  switch (event.what_case()) {
    case chat::Event::kJoined: std::cout << "* " << event.who() << " joined" << std::endl; break;
    case chat::Event::kLeft: std::cout << "* " << event.who() << " left" << std::endl; break;
    case chat::Event::kSaid: std::cout << event.who() << ": " << event.said() << std::endl; break;
    case chat::Event::WHAT_NOT_SET: break;  // of a later version
  }
}

sluice::task<void> chat_along(chat::RoomStub room, Input& input, std::string name,
                              std::vector<std::string> said) {
  auto events = room.Join(speak(input, std::move(name), std::move(said)));
  while (auto const* const event = co_await events.next()) print(*event);
}

// A reader that does not read: joins, then looks at nothing until its input ends. See README.md.
sluice::task<void> sleep_along(chat::RoomStub room, Input& input, std::string name) {
  auto call = room.Join();
  chat::Line line;
  line.set_join(std::move(name));
  co_await call.write(line);
  auto lines = input.lines();
  while (co_await lines.next()) {}
  while (auto const* const event = co_await call.next()) print(*event);
}

}  // namespace

int main(int argc, char** argv) {
  std::string target;
  std::string name = "guest-" + std::to_string(::getpid());
  std::vector<std::string> said;
  bool asleep = false;
  sample::program program{"Joins chat.Room; the end of the input (Ctrl-D) leaves it."};
  program.calls(target)
      .option("--name", name, "who joins")
      .option("--say", said, "say this before the input's lines; may be repeated")
      .flag("--asleep", asleep, "read nothing from the server until the input has ended");
  return program.run(argc, argv, [&] {
    asio::io_context io{1};
    Input input{io};
    sluice::channel channel{io.get_executor(), target};
    chat::RoomStub const room{channel};
    sluice::run(io, asleep ? sleep_along(room, input, name) : chat_along(room, input, name, said));
  });
}
