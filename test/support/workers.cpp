// SPDX-License-Identifier: Apache-2.0
#include "support/workers.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <system_error>
#include <thread>

namespace sluice::test {
namespace {

constexpr std::size_t most_failures = 64;
constexpr std::chrono::seconds longest{120};  // for one case, in real time, under any sanitizer

// Shared by the processes.
struct report {
  std::atomic<std::uint64_t> next;  // the case that the next idle worker takes
  struct worker {
    std::atomic<std::uint64_t> seed;  // that runs now
    std::atomic<std::uint64_t> done;
    tally sum;
    std::atomic<std::size_t> failure_count;
    std::array<std::uint64_t, most_failures> failures;
  };
  std::array<worker, 64> workers;
};

class shared_report {
 public:
  shared_report()
      : at_{::mmap(nullptr, sizeof(report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)} {
    if (at_ == MAP_FAILED) throw std::system_error{errno, std::generic_category(), "mmap"};
    report_ = new (at_) report{};
  }
  shared_report(shared_report const&) = delete;
  shared_report& operator=(shared_report const&) = delete;
  ~shared_report() { ::munmap(at_, sizeof(report)); }
  [[nodiscard]] report& operator*() const noexcept { return *report_; }

 private:
  void* at_;
  report* report_;
};

void failed(report::worker& at, std::uint64_t seed) noexcept {
  auto const index = at.failure_count.load();
  if (index == most_failures) return;
  at.failures[index] = seed;
  at.failure_count = index + 1;
}

void work(report& all, report::worker& mine, std::uint64_t end,
          std::function<bool(std::uint64_t, tally&)> const& run) {
  for (;;) {
    auto const seed = all.next++;
    if (seed >= end) return;
    mine.seed = seed;
    if (!run(seed, mine.sum)) failed(mine, seed);
    ++mine.done;
  }
}

// fork, with what is buffered written once.
pid_t start(report& all, report::worker& mine, std::uint64_t end,
            std::function<bool(std::uint64_t, tally&)> const& run) {
  std::fflush(nullptr);
  pid_t const child = ::fork();
  if (child < 0) throw std::system_error{errno, std::generic_category(), "fork"};
  if (child != 0) return child;
  work(all, mine, end, run);
  std::fflush(nullptr);
  std::exit(0);  // with a leak sanitizer's last look
}

struct running {
  pid_t process = 0;
  std::uint64_t seen_done = 0;
  std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
};

}  // namespace

void tally::add(tally const& other) noexcept {
  for (std::size_t i = 0; i != sums.size(); ++i) sums[i] += other.sums[i];
  for (std::size_t i = 0; i != highs.size(); ++i) highs[i] = std::max(highs[i], other.highs[i]);
}

std::vector<std::uint64_t> run_cases(std::uint64_t first, std::uint64_t count, unsigned jobs,
                                     std::function<bool(std::uint64_t, tally&)> const& run, tally& sum) {
  shared_report const shared;
  report& all = *shared;
  all.next = first;
  std::uint64_t const end = first + count;
  jobs = std::clamp(jobs, 1U, static_cast<unsigned>(all.workers.size()));
  std::vector<running> workers(jobs);
  for (unsigned i = 0; i != jobs; ++i) workers[i].process = start(all, all.workers[i], end, run);
  bool const talks = ::isatty(STDERR_FILENO) == 1;
  std::size_t alive = jobs;
  while (alive != 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});  // sleep: between two looks at the workers
    std::uint64_t done = 0;
    for (unsigned i = 0; i != jobs; ++i) {
      auto& worker = workers[i];
      auto& at = all.workers[i];
      auto const now_done = at.done.load();
      done += now_done;
      if (worker.process == 0) continue;
      auto const now = std::chrono::steady_clock::now();
      if (now_done != worker.seen_done) worker = {worker.process, now_done, now};
      if (now - worker.since > longest) {
        std::fprintf(stderr, "case %llu does not end: killed\n",
                     static_cast<unsigned long long>(at.seed.load()));
        ::kill(worker.process, SIGABRT);
        worker.since = now;
      }
      int status = 0;
      if (::waitpid(worker.process, &status, WNOHANG) != worker.process) continue;
      worker.process = 0;
      --alive;
      if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
      std::fprintf(stderr, "case %llu: the process %s %d\n", static_cast<unsigned long long>(at.seed.load()),
                   WIFSIGNALED(status) ? "died of signal" : "ended with code",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
      failed(at, at.seed.load());
      if (all.next.load() >= end) continue;
      worker = {start(all, at, end, run), at.done.load(), now};  // with the cases that are left
      ++alive;
    }
    if (talks)
      std::fprintf(stderr, "\r%llu of %llu", static_cast<unsigned long long>(done),
                   static_cast<unsigned long long>(count));
  }
  if (talks) std::fprintf(stderr, "\n");
  std::vector<std::uint64_t> failures;
  for (auto const& each : all.workers) {
    sum.add(each.sum);
    failures.insert(failures.end(), each.failures.begin(),
                    each.failures.begin() + static_cast<std::ptrdiff_t>(each.failure_count.load()));
  }
  std::sort(failures.begin(), failures.end());
  return failures;
}

}  // namespace sluice::test
