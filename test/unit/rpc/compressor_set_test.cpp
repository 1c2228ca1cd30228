// SPDX-License-Identifier: Apache-2.0
#include "rpc/compressor_set.hpp"
#include "support/catch.hpp"

using namespace sluice;
using coding::compressor_set;

TEST_CASE("a set's list names what can be decoded, identity first") {
  CHECK(compressor_set{compressors{}}.list() == "identity,gzip,deflate,zstd");
  CHECK(compressor_set{compressors{}.remove("deflate")}.list() == "identity,gzip,zstd");
  CHECK(compressor_set{compressors::none()}.list() == "identity");
}

TEST_CASE("a compressor is made when it is first needed, and once") {
  int made = 0;
  compressor_set set{compressors{}.add([&made] {
    ++made;
    return gzip_compressor(1);
  })};
  CHECK(made == 1);  // to learn its name
  compressor* const first = set.find("gzip");
  REQUIRE(first != nullptr);
  CHECK(first->name() == "gzip");
  CHECK(set.find("gzip") == first);
  CHECK(made == 2);
  CHECK(set.find("lzma") == nullptr);
  CHECK(set.find("") == nullptr);
  CHECK(set.find("identity") == nullptr);
}

TEST_CASE("a peer's list is read with or without spaces, and what is unknown is passed over") {
  compressor_set const set{compressors{}};
  auto const takes = [&set](std::string_view list) {
    std::string names;
    for (auto const* const name : {"gzip", "deflate", "zstd"})
      if (set.accepted(name, set.read_list(list))) names.append(name).append(" ");
    return names;
  };
  CHECK(takes("") == "");
  CHECK(takes("identity") == "");
  CHECK(takes("gzip") == "gzip ");
  CHECK(takes("identity,deflate,gzip") == "gzip deflate ");
  CHECK(takes(" identity , zstd\t,br,,gzip ") == "gzip zstd ");
  CHECK(takes("gzip;q=1,gzi,zip,GZIP") == "");
  CHECK(takes(",,,") == "");
  CHECK_FALSE(set.accepted("lzma", set.read_list("lzma")));
}

TEST_CASE("memory that is given back is lent again, but for a large one") {
  compressor_set set{compressors{}};
  CHECK(set.borrow().capacity() == 0);
  buffer small;
  small.append(as_bytes("text"));
  std::size_t const size = small.capacity();
  set.give_back(std::move(small));
  buffer const lent = set.borrow();
  CHECK(lent.capacity() == size);
  CHECK(lent.empty());
  buffer large;
  static_cast<void>(large.prepare(std::size_t{1024} * 1024));
  set.give_back(std::move(large));
  CHECK(set.borrow().capacity() == 0);
}
