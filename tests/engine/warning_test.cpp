// Where warnings go.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <xtape/warning.hpp>

namespace xtape::test {
namespace {

TEST(Warning, GoesToTheHandler) {
  std::vector<std::string> texts;
  WarningHandler before = set_warning_handler([&](std::string_view text) { texts.emplace_back(text); });
  warn("first");
  warn("second");
  set_warning_handler(nullptr);
  warn("dropped");
  set_warning_handler(before);
  EXPECT_EQ(texts, (std::vector<std::string>{"first", "second"}));
}

TEST(Warning, IsPrintedToStderrAtFirst) {
  testing::internal::CaptureStderr();
  warn("the parameter is not used");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "xtape: warning: the parameter is not used\n");
}

TEST(Warning, AHandlerMayWarnAndSetAHandler) {
  std::vector<std::string> texts;
  WarningHandler before = set_warning_handler([&](std::string_view text) {
    texts.emplace_back(text);
    if (texts.size() == 1) warn("inner");
    set_warning_handler(nullptr);
  });
  warn("outer");
  set_warning_handler(before);
  EXPECT_EQ(texts, (std::vector<std::string>{"outer", "inner"}));
}

}  // namespace
}  // namespace xtape::test
