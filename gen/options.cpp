// SPDX-License-Identifier: Apache-2.0
#include "gen/options.hpp"

#include "gen/libprotoc.hpp"
#include "gen/text.hpp"

#include <utility>
#include <vector>

namespace sluice::gen {
namespace {

bool reject(std::string& error, std::string const& problem) {
  error = problem + "; valid options: include_prefix=PATH";
  return false;
}

}  // namespace

bool parse_options(std::string const& parameter, options& out, std::string& error) {
  std::vector<std::pair<std::string, std::string>> pairs;
  protobuf::compiler::ParseGeneratorParameter(parameter, &pairs);
  bool prefix_seen = false;
  for (auto const& [name, value] : pairs) {
    if (name != "include_prefix") return reject(error, "unknown option \"" + name + "\"");
    if (std::exchange(prefix_seen, true)) return reject(error, "option \"include_prefix\" is given twice");
    if (value.empty()) return reject(error, "option \"include_prefix\" needs a value");
    if (!fits_an_include_line(value))
      return reject(error, "option \"include_prefix\" has a character that no #include line can hold");
    out.include_prefix = value.back() == '/' ? value : value + '/';
  }
  return true;
}

std::string options_help() {
  return "  include_prefix=PATH  include \"PATH/x.pb.h\" rather than \"x.pb.h\" in x.sluice.hpp\n";
}

}  // namespace sluice::gen
