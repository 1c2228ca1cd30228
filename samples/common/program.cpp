// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <filesystem>
#include <iostream>

namespace sample {
namespace {

constexpr char const* default_address = "127.0.0.1:50051";

}  // namespace

program::program(std::string const& what) : options_{std::make_unique<CLI::App>(what)} {}
program::~program() = default;

program& program::listens(std::string& address) {
  address = default_address;
  return option("--listen", address, "HOST:PORT (port 0: any), unix:PATH or unix-abstract:NAME");
}

program& program::calls(std::string& target) {
  target = default_address;
  return option("--target", target, "HOST:PORT, dns:///HOST:PORT, unix:PATH, ...");
}

program& program::option(std::string const& name, std::string& value, std::string const& help) {
  auto* const made = options_->add_option(name, value, help);
  if (!value.empty()) made->capture_default_str();
  return *this;
}

program& program::option(std::string const& name, std::uint16_t& value, std::string const& help) {
  options_->add_option(name, value, help)->capture_default_str();
  return *this;
}

program& program::option(std::string const& name, std::size_t& value, std::size_t most,
                         std::string const& help) {
  options_->add_option(name, value, help)->capture_default_str()->check(CLI::Range(std::size_t{1}, most));
  return *this;
}

program& program::option(std::string const& name, std::vector<std::string>& values, std::string const& help) {
  options_->add_option(name, values, help)->take_all();
  return *this;
}

program& program::flag(std::string const& name, bool& value, std::string const& help) {
  options_->add_flag(name, value, help);
  return *this;
}

int program::run(int argc, char** argv, std::function<void()> const& body) {
  CLI11_PARSE(*options_, argc, argv);
  try {
    body();
    return 0;
  } catch (std::exception const& error) {
    std::cerr << std::filesystem::path{argv[0]}.filename().string() << ": " << error.what() << '\n';
    return 1;
  }
}

}  // namespace sample
