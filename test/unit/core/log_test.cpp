// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/log.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

using namespace sluice;

namespace {

// What `write` sends to standard error, read back from a file that stands in for it.
template <class Write>
std::string captured(Write write) {
  std::fflush(stderr);
  int const saved = ::dup(STDERR_FILENO);
  std::FILE* const file = std::tmpfile();
  REQUIRE(saved >= 0);
  REQUIRE(file != nullptr);
  REQUIRE(::dup2(::fileno(file), STDERR_FILENO) >= 0);
  write();
  std::fflush(stderr);
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  std::string text(4096, '\0');
  text.resize(
      static_cast<std::size_t>(std::max<ssize_t>(0, ::pread(::fileno(file), text.data(), text.size(), 0))));
  std::fclose(file);
  return text;
}

}  // namespace

TEST_CASE("the default log writes warnings and errors, one line each") {
  auto const text = captured([] {
    auto const log = log_to_stderr();
    log(log_level::debug, "d");
    log(log_level::info, "i");
    log(log_level::warning, "w");
    log(log_level::error, "e");
  });
  CHECK(text == "sluice: warning: w\nsluice: error: e\n");
}

TEST_CASE("the least level can be chosen") {
  auto const text = captured([] {
    auto const log = log_to_stderr(log_level::debug);
    log(log_level::debug, "d");
    log(log_level::info, "i");
  });
  CHECK(text == "sluice: debug: d\nsluice: info: i\n");
}
