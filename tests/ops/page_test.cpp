// docs/ops.md says what the headers and the rules say. XTAPE_UPDATE_DOCS=1 writes it anew.
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "ops/page.hpp"

namespace xtape::test {
namespace {

const char* const kPage = XTAPE_SOURCE_DIR "/docs/ops.md";

TEST(Page, IsUpToDate) {
  if (std::getenv("XTAPE_UPDATE_DOCS") != nullptr) std::ofstream(kPage) << ops_page(true);
  std::ifstream file(kPage);
  std::stringstream found;
  found << file.rdbuf();
  EXPECT_TRUE(without_errors(found.str()) == without_errors(ops_page(false)))
      << "docs/ops.md differs from the headers and rules: run ./dev docs";
}

TEST(Page, ReadsDeclarationsAndFormulas) {
  std::map<std::string, Declaration> declarations;
  std::string types;
  for (const Family& family : catalogue()) {
    EXPECT_FALSE(family.purpose.empty()) << family.file;
    for (const Declaration& declaration : family.declarations) declarations[declaration.signature] = declaration;
    types += family.types;
  }
  EXPECT_GT(declarations.size(), 200u);
  EXPECT_EQ(declarations.at("pow(a, b)").alias, "power(a, b)");
  EXPECT_TRUE(declarations.contains("arange(Stop stop)"));
  EXPECT_FALSE(declarations.contains("std(x, Axes axes, bool keepdims)")) << "it is deleted";
  EXPECT_TRUE(declarations
                  .at("max_pool1d(x, int64_t kernel_size, int64_t stride, int64_t padding = 0, int64_t "
                      "dilation = 1, bool ceil_mode = false)")
                  .heading.starts_with("Pooling over the last axis"));
  EXPECT_NE(types.find("struct TripletOptions {\n"), std::string::npos);
  EXPECT_FALSE(declarations.contains("arange_of_reals(double start, double stop, double step, DType dtype)"));
  EXPECT_EQ(formulas_of("tanh").cotangents, (std::vector<std::string>{"h * (1 - square(y))"}));
  EXPECT_EQ(formulas_of("divide").cotangents[0], "h / b");
  EXPECT_EQ(formulas_of("matmul").cotangents.size(), 2u);
  EXPECT_EQ(formulas_of("matrix_power").value, "matmul(x, x)");
  EXPECT_TRUE(formulas_of("less").cotangents.empty());
}

}  // namespace
}  // namespace xtape::test
