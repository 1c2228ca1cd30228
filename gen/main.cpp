// SPDX-License-Identifier: Apache-2.0
#include "gen/generator.hpp"
#include "gen/options.hpp"

#include <google/protobuf/compiler/plugin.h>

#include <iostream>
#include <string_view>

int main(int argc, char** argv) {
  std::string_view const argument = argc == 2 ? argv[1] : "";
  if (argument == "--version") {
    std::cout << "protoc-gen-sluice " SLUICE_VERSION "\n";
    return 0;
  }
  if (argument == "--help") {
    std::cout
        << "protoc-gen-sluice: protoc's plugin for sluice. protoc runs it:\n\n"
           "  protoc --cpp_out=DIR --sluice_out=DIR [--sluice_opt=OPTION,...] FILE.proto\n\n"
           "makes FILE.sluice.hpp and FILE.sluice.cpp in DIR, beside FILE.pb.h and FILE.pb.cc. Options:\n\n"
        << sluice::gen::options_help();
    return 0;
  }
  sluice::gen::generator const generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
