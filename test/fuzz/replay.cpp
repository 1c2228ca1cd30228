// SPDX-License-Identifier: Apache-2.0
// Stands in for libFuzzer where there is none: runs a target once for each file of the named folders.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size);

namespace {

std::vector<std::filesystem::path> files_of(char const* folder) {
  std::vector<std::filesystem::path> found;
  if (!std::filesystem::is_directory(folder)) return found;
  for (auto const& entry : std::filesystem::directory_iterator{folder})
    if (entry.is_regular_file()) found.push_back(entry.path());
  return found;
}

void replay(std::filesystem::path const& path) {
  std::ifstream file{path, std::ios::binary};
  std::vector<char> const bytes{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
  std::fprintf(stderr, "%s\n", path.c_str());  // the last one is the one that broke
  LLVMFuzzerTestOneInput(reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int argc, char** argv) try {
  std::size_t count = 0;
  for (int i = 1; i < argc; ++i)
    for (auto const& path : files_of(argv[i])) {
      replay(path);
      ++count;
    }
  if (count == 0) std::fprintf(stderr, "no input in the named folders\n");
  std::printf("%zu inputs\n", count);
  return count == 0 ? 1 : 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
