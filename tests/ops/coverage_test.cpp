// An op without a row fails here: ops of the library that occur in no row's program, and public functions without one.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "ops/op.hpp"
#include "ops/row.hpp"

namespace xtape::test {

namespace {

void add_ops(std::span<const Var> roots, std::set<std::string_view>& seen) {
  for (std::string_view op : op_names(roots)) seen.insert(op);
}

/// The ops of a sample's value and of its first and second derivatives.
void add_ops(const Sample& sample, std::set<std::string_view>& seen) {
  Tape tape;
  const std::vector<Var> leaves = make_leaves(tape, make_inputs(sample.inputs, DType::float64, 1));
  std::vector<Var> roots{sample.build(leaves)};
  const std::vector<Target> targets = floating_targets(leaves);
  for (int order = 0; order < 2 && is_floating(roots[0].dtype()) && !targets.empty(); ++order) {
    add_ops(roots, seen);
    const Var y = roots[0];
    roots = tape.vjp(y, tape.variable(Array::ones(y.shape(), y.dtype())), std::span<const Target>(targets));
  }
  add_ops(roots, seen);
}

TEST(Coverage, EveryOpOccursInARow) {
  std::set<std::string_view> seen;
  for (const Row& row : rows())
    for (const Sample& sample : row.samples) add_ops(sample, seen);
  for (const detail::Op* op : detail::all_ops())
    if (op->kind != detail::OpKind::leaf) {
      EXPECT_TRUE(seen.contains(op->name)) << "op " << op->name << " has no row in tests/ops";
    }
}

/// Calls visit with the name of each function of the catalogue that gives Vars.
template <class Visit>
void for_each_declaration(Visit visit) {
  const std::regex declaration(
      "^(?:inline )?(?!(?:Array|Key) )(?:[A-Z][A-Za-z]*|std::(?:vector|pair|array)<.*>) ([a-z_0-9]+)\\(");
  for (const auto& entry : std::filesystem::directory_iterator(XTAPE_SOURCE_DIR "/autodiff/include/xtape/ops")) {
    std::ifstream header(entry.path());
    for (std::string line; std::getline(header, line);)
      if (std::smatch match; std::regex_search(line, match, declaration)) visit(match[1].str());
  }
}

TEST(Coverage, EveryPublicFunctionHasARow) {
  std::set<std::string> names;
  for (const Row& row : rows()) names.insert(row.name);
  names.insert("pow");  // another name of power
  std::size_t declared = 0;
  for_each_declaration([&](const std::string& name) {
    ++declared;
    EXPECT_TRUE(names.contains(name)) << name << " has no row in tests/ops";
  });
  EXPECT_GT(declared, 50U);
}

TEST(Coverage, TheInterpreterKnowsEveryOp) {
  for (const detail::Op* op : detail::all_ops())
    if (op->kind != detail::OpKind::leaf) {
      EXPECT_TRUE(pointwise_ops().contains(op->name) || structural_ops().contains(op->name)) << op->name;
    }
}

}  // namespace

}  // namespace xtape::test
