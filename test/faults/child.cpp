// SPDX-License-Identifier: Apache-2.0
#include "child.hpp"

#include "talk.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace faults {
namespace {

// Until the end of a line, blocking: the child speaks as soon as it listens.
std::string read_line(int from) {
  std::string line;
  char c = 0;
  while (::read(from, &c, 1) == 1 && c != '\n') line.push_back(c);
  return line;
}

pid_t start(command what, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  std::vector<char*> words;
  for (auto& word : what) words.push_back(word.data());
  words.push_back(nullptr);
  pid_t pid = -1;
  int const error = ::posix_spawn(&pid, words.front(), &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error{"cannot start " + what.front()};
  return pid;
}

}  // namespace

child::child(boost::asio::any_io_executor const& executor, command const& what)
    : heard_{std::make_shared<hearing>(executor)} {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
  heard_->output.assign(ends[0]);
  auto whole = what;
  whole.emplace_back("0");  // any port
  pid_ = start(std::move(whole), ends[1]);
  ::close(ends[1]);
  std::string const line = read_line(ends[0]);
  if (line.empty()) throw std::runtime_error{"the server process did not start"};
  port_ = static_cast<std::uint16_t>(std::stoul(line));
  hear(heard_);
}

child::~child() {
  kill();
  heard_->told = nullptr;
  heard_->output.close();
}

void child::hear(std::shared_ptr<hearing> from) {
  auto& self = *from;
  self.output.async_read_some(
      boost::asio::buffer(self.bytes),
      [from = std::move(from)](boost::system::error_code const& error, std::size_t size) {
        if (error) return;
        from->count += size;
        if (from->told) from->told();
        hear(from);
      });
}

void child::signal(int number) const noexcept {
  if (pid_ > 0) ::kill(pid_, number);
}

void child::kill() noexcept {
  if (pid_ <= 0) return;
  signal(SIGKILL);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

void child::starve() const {
  // The lowest number that is free is the first one that it cannot have.
  rlim_t lowest = 0;
  while (std::filesystem::is_symlink("/proc/" + std::to_string(pid_) + "/fd/" + std::to_string(lowest)))
    ++lowest;
  rlimit limit{};
  ::prlimit(pid_, RLIMIT_NOFILE, nullptr, &limit);
  limit.rlim_cur = lowest;
  ::prlimit(pid_, RLIMIT_NOFILE, &limit, nullptr);
}

void child::feed() const {
  rlimit limit{};
  ::prlimit(pid_, RLIMIT_NOFILE, nullptr, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 1024);
  ::prlimit(pid_, RLIMIT_NOFILE, &limit, nullptr);
}

void serve_as_child(std::uint16_t port, std::string const& chain, std::string const& key) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // whatever ends the test
  boost::asio::io_context io{1};
  talk service;
  service.on_arrival = [] { static_cast<void>(::write(STDOUT_FILENO, ".", 1) == 1); };
  sluice::server server{io.get_executor(), {.log = [](sluice::log_level, std::string_view) {}}};
  server.add(service);
  std::string const where = "127.0.0.1:" + std::to_string(port);
  sluice::tls_server_options tls;
  tls.certificates.push_back({sluice::pem::file(chain), sluice::pem::file(key)});
  std::string const bound =
      chain.empty() ? server.listen(where) : server.listen(where, sluice::tls_server{std::move(tls)});
  std::string const line = bound.substr(bound.rfind(':') + 1) + "\n";
  boost::asio::signal_set signals{io, SIGTERM};
  signals.async_wait([&](boost::system::error_code const& error, int) {
    if (!error) server.stop(std::chrono::milliseconds{200});
  });
  io.poll();  // whatever needs a descriptor to begin with has it before the test takes the others away
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return;
  io.run();
}

}  // namespace faults
