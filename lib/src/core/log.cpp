// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/log.hpp>

#include <cstdio>
#include <string>

namespace sluice {

std::string_view to_string(log_level level) noexcept {
  switch (level) {
    case log_level::debug: return "debug";
    case log_level::info: return "info";
    case log_level::warning: return "warning";
    case log_level::error: return "error";
  }
  return "error";
}

log_sink log_to_stderr(log_level least) {
  return [least](log_level level, std::string_view text) {
    if (level < least) return;
    // One write a line, so that lines of several threads do not mix.
    std::string line{"sluice: "};
    line.append(to_string(level)).append(": ").append(text).append("\n");
    std::fwrite(line.data(), 1, line.size(), stderr);
  };
}

}  // namespace sluice
