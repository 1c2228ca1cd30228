// SPDX-License-Identifier: Apache-2.0
#include "net/dns.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <map>
#include <optional>
#include <utility>

#include "net/cares.hpp"
#include "net/host_port.hpp"
#include "net/interleave.hpp"

namespace sluice::net {
namespace {

using lookup_result = result<std::vector<address>, std::string>;

// A socket of c-ares, lent to the reactor: release, never close.
struct watch {
  explicit watch(asio::any_io_executor const& executor) : descriptor{executor} {}
  ~watch() { descriptor.release(); }
  asio::posix::stream_descriptor descriptor;
  bool wants_read = false;
  bool wants_write = false;
  bool reading = false;  // a wait is under way
  bool writing = false;
};

std::string joined(std::vector<std::string> const& servers) {
  std::string csv;
  for (auto const& each : servers) csv += (csv.empty() ? "" : ",") + each;
  return csv;
}

int milliseconds(duration length) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(length).count());
}

}  // namespace

// c-ares calls back from inside its functions, where it must not be destroyed. So its callbacks only take
// notes, and `after_ares` acts on them when it has returned.
struct dns_lookup::state : std::enable_shared_from_this<dns_lookup::state> {
  state(asio::any_io_executor ex, std::string_view name, std::uint16_t p, dns_options opts, on_done callback)
      : executor{std::move(ex)}, host{name}, port{p}, options{std::move(opts)}, done{std::move(callback)} {}
  ~state() { stop(); }

  void start() {
    if (auto const ip = address::from_ip(host, port)) return finish(std::vector<address>{*ip});
    if (host.find('\0') != host.npos) return fail("it has a NUL byte in it");
    if (!options.time) options.time = real_time();
    overall = options.time->make_timer(executor);
    retry = options.time->make_timer(executor);
    if (int const status = open_channel(); status != ARES_SUCCESS) return fail(cares::explain(status));
    overall->start(options.timeout, [this] { fail("no answer within " + describe(options.timeout)); });
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(
        channel.get(), host.c_str(), nullptr, &hints,
        [](void* self, int status, int, ares_addrinfo* list) {
          static_cast<state*>(self)->note(status, list);
        },
        this);
    after_ares();
  }

  int open_channel() {
    std::string lookups = "fb";  // files before DNS, whatever nsswitch.conf lists beside them
    ares_options wanted{};
    wanted.timeout = milliseconds(options.attempt_timeout);
    wanted.tries = options.attempts;
    wanted.lookups = lookups.data();
    wanted.sock_state_cb = [](void* self, ares_socket_t fd, int read, int write) {
      static_cast<state*>(self)->watch_socket(fd, read != 0, write != 0);
    };
    wanted.sock_state_cb_data = this;
    ares_channeldata* made = nullptr;
    int status = ares_init_options(
        &made, &wanted, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) return status;
    channel.reset(made);
    if (!options.servers.empty()) status = ares_set_servers_ports_csv(made, joined(options.servers).c_str());
    return status;
  }

  void note(int status, ares_addrinfo* list) noexcept {
    cares::addrinfo const owned{list};
    if (!done) return;
    try {
      std::vector<address> found;
      for (auto const* node = list != nullptr ? list->nodes : nullptr; node != nullptr;
           node = node->ai_next) {
        auto const each = address::from_native(node->ai_addr, static_cast<socklen_t>(node->ai_addrlen));
        if (each.is_ip()) found.push_back(each.with_port(port));
      }
      if (status == ARES_SUCCESS && !found.empty()) answer = interleave(found);
      else answer = explained(cares::explain(status == ARES_SUCCESS ? ARES_ENODATA : status));
    } catch (...) {
      answer = lookup_result{std::string{}};  // out of memory
    }
  }

  void watch_socket(ares_socket_t fd, bool read, bool write) noexcept {
    if (!read && !write) {
      // Released here and now: a wait that is under way keeps the watch for a while, and c-ares closes the
      // socket next.
      if (auto const found = watches.find(fd); found != watches.end()) {
        if (found->second) found->second->descriptor.release();
        watches.erase(found);
      }
      return;
    }
    try {
      auto& entry = watches[fd];
      if (!entry) {
        entry = std::make_shared<watch>(executor);
        boost::system::error_code error;
        entry->descriptor.assign(fd, error);  // unwatched in case of an error: c-ares's own timeout ends it
      }
      entry->wants_read = read;
      entry->wants_write = write;
    } catch (...) {
      // As above.
    }
  }

  void after_ares() {
    if (!done) return;
    if (answer) return finish(std::move(*answer));
    for (auto const& [fd, each] : watches) {
      if (!each || !each->descriptor.is_open()) continue;
      if (each->wants_read && !each->reading) arm(fd, each, true);
      if (each->wants_write && !each->writing) arm(fd, each, false);
    }
    timeval wait{};
    if (ares_timeout(channel.get(), nullptr, &wait) == nullptr) return;
    // c-ares counts milliseconds: ask a little later than it said, not a little earlier.
    auto const length = std::chrono::seconds{wait.tv_sec} + std::chrono::microseconds{wait.tv_usec} +
                        std::chrono::milliseconds{1};
    retry->start(length, [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
  }

  void arm(ares_socket_t fd, std::shared_ptr<watch> const& on, bool read) {
    (read ? on->reading : on->writing) = true;
    on->descriptor.async_wait(
        read ? asio::posix::descriptor_base::wait_read : asio::posix::descriptor_base::wait_write,
        [weak = weak_from_this(), on, fd, read](boost::system::error_code error) {
          (read ? on->reading : on->writing) = false;
          auto const self = weak.lock();
          if (!self || error || !self->done) return;
          auto const current = self->watches.find(fd);
          if (current == self->watches.end() || current->second != on)
            return;  // the number serves another socket now
          self->process(read ? fd : ARES_SOCKET_BAD, read ? ARES_SOCKET_BAD : fd);
        });
  }

  void process(ares_socket_t readable, ares_socket_t writable) {
    auto const alive = shared_from_this();
    ares_process_fd(channel.get(), readable, writable);
    after_ares();
  }

  [[nodiscard]] std::string explained(std::string_view reason) const {
    return "cannot resolve " + in_quotes(host) + ": " + std::string{reason};
  }
  void fail(std::string_view reason) { finish(explained(reason)); }

  void finish(lookup_result outcome) {
    auto const alive = shared_from_this();
    auto keep = std::move(done);
    stop();
    done = std::move(keep);
    // `done` stays in here, so that destroying the lookup until then takes it back.
    asio::post(executor, [alive, outcome = std::move(outcome)]() mutable {
      auto const call = std::exchange(alive->done, nullptr);
      if (call) call(std::move(outcome));
    });
  }

  void stop() noexcept {
    done = nullptr;
    if (overall) overall->cancel();
    if (retry) retry->cancel();
    channel.reset();
    watches.clear();
  }

  asio::any_io_executor executor;
  std::string host;
  std::uint16_t port;
  dns_options options;
  on_done done;  // empty: cancelled, or called
  cares::channel channel;
  std::map<ares_socket_t, std::shared_ptr<watch>> watches;
  std::optional<lookup_result> answer;
  std::unique_ptr<timer> overall;
  std::unique_ptr<timer> retry;
};

dns_lookup::dns_lookup(asio::any_io_executor executor, std::string_view host, std::uint16_t port,
                       dns_options options, on_done done)
    : state_{std::make_shared<state>(std::move(executor), host, port, std::move(options), std::move(done))} {
  state_->start();
}

dns_lookup::~dns_lookup() { state_->stop(); }

}  // namespace sluice::net
