// docs/ops.md says what the headers and the rules say. XTAPE_UPDATE_DOCS=1 writes it anew.
#include <cstdlib>
#include <fstream>
#include <sstream>

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
  std::size_t declarations = 0;
  for (const Family& family : catalogue()) {
    EXPECT_FALSE(family.purpose.empty()) << family.file;
    declarations += family.declarations.size();
  }
  EXPECT_GT(declarations, 80u);
  EXPECT_EQ(formulas_of("tanh").cotangents, (std::vector<std::string>{"h * (1 - square(y))"}));
  EXPECT_EQ(formulas_of("divide").cotangents[0], "h / b");
  EXPECT_EQ(formulas_of("matmul").cotangents.size(), 2u);
  EXPECT_TRUE(formulas_of("less").cotangents.empty());
}

}  // namespace
}  // namespace xtape::test
