// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/intrusive_list.hpp>

#include "support/catch.hpp"

#include <memory>
#include <vector>

namespace {

struct first_tag;
struct second_tag;
struct node : sluice::coro::list_hook<first_tag>, sluice::coro::list_hook<second_tag> {
  explicit node(int number) : value{number} {}
  int value;
};
using first_hook = sluice::coro::list_hook<first_tag>;
using list = sluice::coro::intrusive_list<node, first_tag>;
using other_list = sluice::coro::intrusive_list<node, second_tag>;

std::vector<int> drained(list& from) {
  std::vector<int> values;
  while (!from.empty()) values.push_back(from.pop_front().value);
  return values;
}

}  // namespace

TEST_CASE("an intrusive list gives its nodes in the order they came", "[intrusive_list]") {
  node a{1}, b{2}, c{3};
  list nodes;
  CHECK(nodes.empty());
  nodes.push_back(a);
  nodes.push_back(b);
  nodes.push_back(c);
  CHECK(&nodes.front() == &a);
  CHECK(drained(nodes) == std::vector{1, 2, 3});
  CHECK_FALSE(a.first_hook::linked());
}

TEST_CASE("a node leaves its list from the front, the middle and the end", "[intrusive_list]") {
  for (int leaves : {0, 1, 2}) {
    node nodes[3] = {node{0}, node{1}, node{2}};
    list all;
    for (auto& each : nodes) all.push_back(each);
    nodes[leaves].first_hook::unlink();
    nodes[leaves].first_hook::unlink();  // again: nothing
    std::vector<int> expected{0, 1, 2};
    expected.erase(expected.begin() + leaves);
    CHECK(drained(all) == expected);
  }
}

TEST_CASE("a node that dies leaves its list", "[intrusive_list]") {
  list nodes;
  node a{1};
  nodes.push_back(a);
  {
    node gone{2};
    nodes.push_back(gone);
  }
  CHECK(drained(nodes) == std::vector{1});
}

TEST_CASE("a list that dies unlinks its nodes", "[intrusive_list]") {
  node a{1}, b{2};
  {
    list nodes;
    nodes.push_back(a);
    nodes.push_back(b);
  }
  CHECK_FALSE(a.first_hook::linked());
  list again;
  again.push_back(b);
  CHECK(&again.front() == &b);
}

TEST_CASE("a node is in two lists through two tags", "[intrusive_list]") {
  node a{1};
  list one;
  other_list two;
  one.push_back(a);
  two.push_back(a);
  CHECK(&one.pop_front() == &a);
  CHECK_FALSE(two.empty());
  CHECK(&two.front() == &a);
}

TEST_CASE("take_all moves every node behind what is there", "[intrusive_list]") {
  node a{1}, b{2}, c{3}, d{4};
  list from, to;
  to.take_all(from);
  CHECK(to.empty());
  to.push_back(a);
  from.push_back(b);
  from.push_back(c);
  to.take_all(from);
  CHECK(from.empty());
  from.push_back(d);
  CHECK(drained(to) == std::vector{1, 2, 3});
  CHECK(drained(from) == std::vector{4});
}
