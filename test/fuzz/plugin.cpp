// SPDX-License-Identifier: Apache-2.0
// protoc's plugin: on a request of any bytes, and on valid files of any names, comments, packages and options. It never
// fails to answer, and what it makes of a valid file is C++ as far as braces, strings, comments and names go.
#include "fuzz/check.hpp"
#include "fuzz/input.hpp"
#include "gen/generator.hpp"
#include "gen/keywords.hpp"

#include <google/protobuf/compiler/plugin.h>
#include <google/protobuf/compiler/plugin.pb.h>
#if GOOGLE_PROTOBUF_VERSION < 4022000
#include <google/protobuf/stubs/logging.h>
#endif

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace sluice;
using namespace sluice::fuzz;
namespace protobuf = google::protobuf;
using protobuf::compiler::CodeGeneratorRequest;
using protobuf::compiler::CodeGeneratorResponse;

namespace {

void silence() {
#if GOOGLE_PROTOBUF_VERSION < 4022000
  static bool const once = [] {
    protobuf::SetLogHandler(nullptr);  // each file that is refused would be told of
    return true;
  }();
  static_cast<void>(once);
#endif
}

// ---- what is made ----------------------------------------------------------------------------------------------------

constexpr std::string_view words[]{"Greeter",
                                   "greet",
                                   "class",
                                   "int",
                                   "operator",
                                   "co_await",
                                   "delete",
                                   "new",
                                   "std",
                                   "sluice",
                                   "google",
                                   "Service",
                                   "channel_",
                                   "Stub",
                                   "GreeterStub",
                                   "GreeterMethods",
                                   "GreeterService",
                                   "service_name",
                                   "NULL",
                                   "_",
                                   "a",
                                   "sluice_methods",
                                   "requires",
                                   "stub",
                                   "errno",
                                   "M",
                                   "std_",
                                   "EOF",
                                   "status",
                                   "request"};

std::string identifier(input& in) {
  auto const how = in.byte();
  if (how % 4 != 0) return std::string{words[how % std::size(words)]};
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
  std::string name;
  for (auto count = 1 + in.below(12); count != 0; --count)
    name.push_back(alphabet[in.below(alphabet.size())]);
  if (name.front() >= '0' && name.front() <= '9') name.insert(0, "n");
  return name;
}

std::string package(input& in) {
  std::string out;
  for (auto parts = in.below(4); parts != 0; --parts)
    out.append(out.empty() ? "" : ".").append(identifier(in));
  return out;
}

void add_message(input& in, protobuf::DescriptorProto& to) {
  to.set_name(identifier(in));
  if (in.one_in(3)) to.add_nested_type()->set_name(identifier(in));
  if (in.one_in(3)) {
    auto& type = *to.add_enum_type();
    type.set_name(identifier(in));
    type.add_value()->set_name(identifier(in));
    type.mutable_value(0)->set_number(0);
  }
}

void comment(input& in, protobuf::FileDescriptorProto& file, std::vector<int> const& path) {
  if (!in.one_in(2)) return;
  auto& place = *file.mutable_source_code_info()->add_location();
  for (int const step : path) place.add_path(step);
  for (int i = 0; i != 3; ++i) place.add_span(0);
  place.set_leading_comments(std::string{in.text()});
  if (in.one_in(2)) place.set_trailing_comments(std::string{in.text()});
  if (in.one_in(4)) place.add_leading_detached_comments(std::string{in.text()});
}

std::string a_message_of(input& in, protobuf::FileDescriptorProto const& file) {
  if (file.message_type_size() == 0) return "M";
  auto const& type =
      file.message_type(static_cast<int>(in.below(static_cast<std::size_t>(file.message_type_size()))));
  std::string name = file.package().empty() ? "." : "." + file.package() + ".";
  name.append(type.name());
  if (type.nested_type_size() != 0 && in.one_in(2)) name.append(".").append(type.nested_type(0).name());
  return name;
}

void add_service(input& in, protobuf::FileDescriptorProto& file, protobuf::FileDescriptorProto const& types) {
  int const index = file.service_size();
  auto& service = *file.add_service();
  service.set_name(identifier(in));
  comment(in, file, {6, index});
  for (auto count = in.below(6); count != 0; --count) {
    auto& method = *service.add_method();
    method.set_name(identifier(in));
    method.set_input_type(a_message_of(in, in.one_in(2) ? types : file));
    method.set_output_type(a_message_of(in, in.one_in(2) ? types : file));
    method.set_client_streaming(in.one_in(2));
    method.set_server_streaming(in.one_in(2));
    if (in.one_in(4)) method.mutable_options()->set_deprecated(true);
    comment(in, file, {6, index, 2, service.method_size() - 1});
  }
}

CodeGeneratorRequest make_request(input& in) {
  CodeGeneratorRequest request;
  auto& types = *request.add_proto_file();
  auto& file = *request.add_proto_file();
  types.set_name("types.proto");
  types.set_package(package(in));
  for (auto count = in.below(3); count != 0; --count) add_message(in, *types.add_message_type());
  file.set_name(in.one_in(4) ? std::string{in.text(30)} : "some/file.proto");
  file.set_syntax(in.one_in(2) ? "proto3" : "proto2");
  file.set_package(in.one_in(2) ? types.package() : package(in));
  file.add_dependency("types.proto");
  if (in.one_in(4)) file.mutable_options()->set_cc_generic_services(true);
  for (auto count = in.below(4); count != 0; --count) add_message(in, *file.add_message_type());
  for (auto count = in.below(5); count != 0; --count) add_service(in, file, types);
  request.add_file_to_generate(file.name());
  if (in.one_in(4)) request.set_parameter(std::string{in.text(30)});
  else if (in.one_in(2)) request.set_parameter("include_prefix=" + std::string{in.text(20)});
  return request;
}

// ---- what comes out --------------------------------------------------------------------------------------------------

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Goes through generated C++ as a compiler's first steps do.
class reader {
 public:
  explicit reader(std::string_view text) : left_{text} {}

  void read() {
    while (!left_.empty()) step();
    check(open_.empty(), "what is opened is closed");
  }

 private:
  void step() {
    if (left_.starts_with("//")) return comment();
    if (left_.starts_with('#')) return directive();
    if (left_.starts_with('"')) return string();
    if (is_name_char(left_.front())) return name();
    char const c = left_.front();
    left_.remove_prefix(1);
    check((c >= ' ' && c <= '~') || c == '\n', "outside comments there is ASCII alone");
    constexpr std::string_view opening = "([{", closing = ")]}";
    if (opening.find(c) != opening.npos) open_.push_back(c);
    if (auto const kind = closing.find(c); kind != closing.npos) {
      check(!open_.empty() && open_.back() == opening[kind], "brackets match");
      open_.pop_back();
    }
  }
  std::string_view line() {
    auto const end = left_.find('\n');
    check(end != left_.npos, "the last line ends");
    auto const one = left_.substr(0, end);
    left_.remove_prefix(end);
    return one;
  }
  void comment() {
    auto const one = line();
    check(!one.ends_with('\\') && !one.ends_with("?\?/"), "a comment ends with its line");
    check(std::none_of(one.begin(), one.end(), [](char c) { return c >= 0 && c < ' ' && c != '\t'; }),
          "a comment is text");
  }
  void directive() {
    auto const one = line();
    check(std::count(one.begin(), one.end(), '"') % 2 == 0 && one.find('\\') == one.npos,
          "a directive is one whole line");
  }
  void string() {
    auto const end = left_.find('"', 1);
    check(end != left_.npos, "a string ends");
    auto const inside = left_.substr(1, end - 1);
    check(inside.find_first_of("\n\\") == inside.npos, "a string needs no escapes");
    left_.remove_prefix(end + 1);
  }
  void name() {
    auto const size =
        static_cast<std::size_t>(std::find_if_not(left_.begin(), left_.end(), is_name_char) - left_.begin());
    auto const word = left_.substr(0, size);
    left_.remove_prefix(size);
    bool const defined = !qualified_ && (last_ == "class" || last_ == "struct");
    if (defined) {
      check(!gen::is_reserved_word(word), "no class is called by a keyword");
      check_same(classes_.insert(std::string{word}).second ? "" : word, "", "no class is defined twice");
    }
    // This protoc makes a namespace of a package that is a keyword, and an import's is not ours to refuse.
    qualified_ = left_.starts_with("::");
    last_ = word;
  }

  std::string_view left_;
  std::string_view last_;
  bool qualified_ = false;  // the last name goes on
  std::string open_;
  std::set<std::string> classes_;
};

void check_files(CodeGeneratorResponse const& response) {
  check(response.file_size() == 2, "each file makes a header and a source");
  for (auto const& file : response.file()) {
    check(file.name().ends_with(".sluice.hpp") || file.name().ends_with(".sluice.cpp"),
          "the files have their names");
    reader{file.content()}.read();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  silence();
  input in{bytes, size};
  gen::generator const generator;
  CodeGeneratorResponse response;
  std::string error;
  if (in.one_in(4)) {
    auto const said = in.rest();
    CodeGeneratorRequest request;
    if (request.ParseFromArray(said.data(), static_cast<int>(said.size())))
      static_cast<void>(protobuf::compiler::GenerateCode(request, generator, &response, &error));
    return 0;
  }
  auto const request = make_request(in);
  bool const answered = protobuf::compiler::GenerateCode(request, generator, &response, &error);
  if (answered && response.error().empty())
    check_files(response);  // otherwise libprotoc has refused the files
  return 0;
}
