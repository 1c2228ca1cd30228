// SPDX-License-Identifier: Apache-2.0
#include "gen/text.hpp"

#include <algorithm>
#include <stdexcept>

namespace sluice::gen {

std::string fill(std::string_view pattern, substitutions values) {
  std::string out;
  while (true) {
    auto const begin = pattern.find('$');
    out += pattern.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    auto const end = pattern.find('$', begin + 1);
    auto const name = pattern.substr(begin + 1, end - begin - 1);
    auto const found =
        std::find_if(values.begin(), values.end(), [name](auto const& value) { return value.first == name; });
    if (end == std::string_view::npos || found == values.end())
      throw std::logic_error("a pattern of the plugin names $" + std::string{name} + "$, which is not given");
    out += found->second;
    pattern.remove_prefix(end + 1);
  }
}

bool fits_an_include_line(std::string_view path) {
  return std::none_of(path.begin(), path.end(), [](char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || c == '"' || c == '\\';
  });
}

}  // namespace sluice::gen
