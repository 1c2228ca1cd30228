// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>
#include <string_view>

namespace bench {
namespace {

constexpr char usage[] =
    "options: --port N --kind unary|download|upload|both|messages|mixed|idle|latency|connect --mode NAME "
    "--connections N --streams N "
    "--calls N --size BYTES\n"
    "         --warmup N --pause --rate N --slow --tls DIR --threads N --deadline SECONDS --held N "
    "--held-deadline SECONDS\n         --cancel --time-limit SECONDS\n";

constexpr std::string_view kinds[] = {"unary", "download", "upload",  "both",   "messages",
                                      "mixed", "idle",     "latency", "connect"};

[[noreturn]] void refuse(std::string const& what) {
  std::fprintf(stderr, "%s\n%s", what.c_str(), usage);
  std::exit(2);
}

template <class Number>
void read_number(std::string_view name, std::string_view text, Number minimum, Number& into) {
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (error != std::errc{} || end != text.data() + text.size() || into < minimum)
    refuse(std::string(name) + ": a number from " + std::to_string(minimum) + " to " +
           std::to_string(std::numeric_limits<Number>::max()) + " is needed, not '" + std::string(text) +
           "'");
}

void read_option(program_options& options, std::string_view name, std::string_view value) {
  if (name == "--port") return read_number<std::uint16_t>(name, value, 0, options.port);
  if (name == "--connections") return read_number(name, value, 1u, options.connections);
  if (name == "--streams") return read_number(name, value, 1u, options.streams);
  if (name == "--calls") return read_number<std::uint64_t>(name, value, 1, options.calls);
  if (name == "--size") return read_number<std::uint32_t>(name, value, 0, options.size);
  if (name == "--warmup") return read_number<std::uint64_t>(name, value, 0, options.warmup);
  if (name == "--rate") return read_number<std::uint64_t>(name, value, 1, options.rate);
  if (name == "--threads") return read_number(name, value, 1u, options.threads);
  if (name == "--deadline") return read_number<std::uint32_t>(name, value, 1, options.deadline);
  if (name == "--held-deadline") return read_number<std::uint32_t>(name, value, 1, options.held_deadline);
  if (name == "--held") return read_number(name, value, 1u, options.held);
  if (name == "--time-limit") return read_number(name, value, 1u, options.time_limit);
  if (name == "--mode" || name == "--tls") {
    (name == "--mode" ? options.mode : options.tls) = value;
    return;
  }
  if (name != "--kind") refuse("no such option: " + std::string(name));
  if (std::ranges::find(kinds, value) == std::end(kinds)) refuse("no such kind: " + std::string(value));
  options.kind = value;
}

}  // namespace

program_options read_options(int argc, char** argv) {
  program_options options;
  for (int i = 1; i < argc; ++i) {
    std::string_view const name = argv[i];
    if (name == "--pause" || name == "--slow") {
      (name == "--pause" ? options.pause : options.slow) = true;
    } else if (name == "--cancel") {
      options.cancel = true;
    } else if (i + 1 < argc) {
      read_option(options, name, argv[++i]);
    } else {
      refuse("no value for " + std::string(name));
    }
  }
  constexpr std::string_view of_one[] = {"download", "upload", "both", "latency"};
  bool const one = std::ranges::find(of_one, options.kind) != std::end(of_one);
  if (one && options.connections * options.streams != 1)
    refuse("--kind " + options.kind + " is measured with one connection and one stream");
  ::alarm(options.time_limit);
  return options;
}

std::string read_file(std::string const& path) {
  std::ifstream file(path);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (text.empty()) fail("cannot read " + path);
  return text;
}

void print_listening(std::uint16_t port) {
  std::printf("listening on %u\n", port);
  std::fflush(stdout);
}

bool pause_warm() {
  std::puts("warm");
  std::fflush(stdout);
  return std::getchar() != EOF;
}

void print_result(std::uint64_t calls, std::chrono::steady_clock::duration spent, std::uint64_t received) {
  std::printf("{\"calls\": %llu, \"seconds\": %.6f", static_cast<unsigned long long>(calls),
              std::chrono::duration<double>(spent).count());
  if (received > 0) std::printf(", \"received\": %llu", static_cast<unsigned long long>(received));
  std::puts("}");
  std::fflush(stdout);
}

void call_times::print() {
  using microseconds = std::chrono::duration<double, std::micro>;
  auto const spent = std::accumulate(all_.begin(), all_.end(), std::chrono::steady_clock::duration{});
  std::ranges::sort(all_);
  auto const at = [this](std::size_t percent) {  // the nearest rank
    return microseconds(all_[std::max<std::size_t>((all_.size() * percent + 99) / 100, 1) - 1]).count();
  };
  std::printf("{\"calls\": %zu, \"seconds\": %.6f, \"p50_us\": %.3f, \"p99_us\": %.3f}\n", all_.size(),
              std::chrono::duration<double>(spent).count(), at(50), at(99));
  std::fflush(stdout);
}

void fail(std::string const& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::_Exit(1);
}

}  // namespace bench
