// Profiles: what they count, whose scopes and lines they show, and the trace as JSON.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <xtape/debug.hpp>
#include <xtape/engine.hpp>
#include <xtape/function.hpp>
#include <xtape/profile.hpp>
#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

/// The entry of this kind of step; an empty one if there is none.
Profile::Entry entry_of(const Profile& profile, const std::string& what) {
  for (const Profile::Entry& entry : profile.entries())
    if (entry.what.starts_with(what)) return entry;
  return {.what = "no " + what, .scope = {}, .location = {}};
}

TEST(Profile, CountsCallsAndBytes) {
  Tape tape(Options{});
  const Var a = tape.variable(Array::ones({64, 128})), b = tape.variable(Array::ones({128, 32}));
  const std::string line = std::to_string(__LINE__ + 1);
  const Var product = matmul(a, b);
  const Var sorted = argsort(product, 0);
  Profile profile;
  sorted.value();
  const Profile::Entry multiplied = entry_of(profile, "product"), called = entry_of(profile, "call");
  EXPECT_EQ(multiplied.what, "product 64 x 128 by 128 x 32");
  EXPECT_EQ(multiplied.calls, 1U);
  EXPECT_EQ(multiplied.bytes_read, 8U * (64 * 128 + 128 * 32));
  EXPECT_EQ(multiplied.bytes_written, 8U * 64 * 32);
  EXPECT_EQ(multiplied.location, "profile_test.cpp:" + line);
  EXPECT_EQ(multiplied.scope, "");
  EXPECT_EQ(called.what, "call argsort");
  EXPECT_EQ(called.bytes_read, 8U * 64 * 32);
  EXPECT_EQ(called.bytes_written, 8U * 64 * 32);
  EXPECT_EQ(profile.evaluations(), 1U);
  EXPECT_EQ(entry_of(profile, "planning").calls, 1U);
  sorted.value();
  EXPECT_EQ(profile.evaluations(), 1U) << "the value is there";
}

TEST(Profile, CountsWhatLoopsReadAndWrite) {
  Tape tape(Options{});
  const Var x = tape.variable(Array::ones({100, 50}, DType::float32));
  const Var row = tape.variable(Array::ones({50}, DType::float32));
  const Var y = exp(x) * row;
  const Var total = sum(y);
  Profile profile;
  tape.evaluate({y, total});
  const Profile::Entry loop = entry_of(profile, "loop");
  EXPECT_EQ(loop.what, "loop: exp, multiply, sum");
  EXPECT_EQ(loop.bytes_read, 4U * (100 * 50 + 50)) << "a broadcast row counts as a row";
  EXPECT_EQ(loop.bytes_written, 4U * (100 * 50 + 1));
}

TEST(Profile, CountsTheMatrixOfAFusedProductOnce) {
  Parameter weights("weights", Array::zeros({30}));
  Tape tape(Options{});
  const Var x = tape.variable(Array::ones({500, 30}));
  const Var residual = matmul(x, tape.read(weights)) - 1;
  const Var gradient = tape.gradient(sum(square(residual)), weights);
  Profile profile;
  gradient.value();
  std::uint64_t read = 0;
  for (const Profile::Entry& entry : profile.entries()) read += entry.bytes_read;
  EXPECT_GE(read, 8U * 500 * 30);
  EXPECT_LT(read, 2 * 8U * 500 * 30);
}

TEST(Profile, SharesTheTimeOutByScope) {
  Tape tape(Options{});
  const Var x = tape.variable(Array::ones({1000}));
  const auto layer = [&](const std::string& scope, const Var& input) {
    const Scope outer(tape, "encoder");
    const Scope inner(tape, scope);
    return tanh(input);
  };
  const Var first = layer("layer1", x);
  const Var second = layer("layer2", first);
  const Var gradient = tape.gradient(sum(second), x);
  Profile profile;
  gradient.value();
  std::vector<std::string> names;
  double seconds = 0;
  for (const Profile::ScopeTime& time : profile.scopes()) {
    names.push_back(time.scope);
    seconds += time.seconds;
  }
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"encoder/layer1", "encoder/layer1 (gradient)", "encoder/layer2",
                                             "encoder/layer2 (gradient)"}));
  EXPECT_NEAR(seconds + entry_of(profile, "planning").seconds, profile.seconds(), 1e-9);
  const std::string loop = entry_of(profile, "loop").scope;
  EXPECT_TRUE(contains(loop, {"encoder/layer1 + encoder/layer2 + encoder/layer"})) << loop;
  EXPECT_TRUE(loop.ends_with(" + ...")) << loop;
}

/// A program in a scope, recorded by the same lines whatever the scope.
void evaluate_in(Tape& tape, const std::string& scope_name) {
  const Scope scope(tape, scope_name);
  const Var x = tape.variable(Array::ones({17, 19}));
  const Var y = sum(tanh(x), 0);
  const Var gradient = tape.gradient(sum(y), x);
  tape.evaluate({y, gradient});
}

TEST(Profile, OfAPlanFromTheCacheShowsTheScopesOfThePresentRecording) {
  for (const bool same_tape : {false, true}) {
    Tape tape(Options{});
    evaluate_in(tape, "before");
    const PlanCacheStatistics statistics = plan_cache_statistics();
    Tape other(Options{});
    tape.reset();
    Profile profile;
    evaluate_in(same_tape ? tape : other, "now");
    EXPECT_EQ(plan_cache_statistics().misses, statistics.misses) << "the plan is of the cache";
    EXPECT_TRUE(entry_of(profile, "loop").scope.starts_with("now")) << to_string(profile);
    for (const Profile::ScopeTime& time : profile.scopes()) EXPECT_TRUE(time.scope.starts_with("now")) << time.scope;
  }
}

TEST(Profile, AddsUpEqualSteps) {
  Profile profile;
  for (int i = 0; i < 5; ++i) {
    Tape tape(Options{});
    evaluate_in(tape, i < 2 ? "a" : "b");
  }
  EXPECT_EQ(profile.evaluations(), 5U);
  std::uint64_t a = 0, b = 0;
  for (const Profile::Entry& entry : profile.entries()) {
    if (entry.what == "planning") continue;
    EXPECT_EQ(entry.calls, entry.scope.starts_with("a") ? 2U : 3U) << entry.what;
    (entry.scope.starts_with("a") ? a : b) += entry.calls;
  }
  EXPECT_EQ(3 * a, 2 * b);
}

TEST(Profile, OfUnplannedRunsShowsEachOp) {
  Tape tape(Options{.planned = false});
  const Var x = tape.variable(Array::ones({10}));
  const Var y = exp(sin(x));
  Profile profile;
  y.value();
  EXPECT_EQ(entry_of(profile, "loop: sin").calls, 1U) << to_string(profile);
  EXPECT_EQ(entry_of(profile, "loop: exp").calls, 1U) << to_string(profile);
}

TEST(Profile, OfPlansThatComputeValuesAgain) {
  Tape tape(Options{.memory_budget = 1});
  const Scope scope(tape, "deep");
  const Var x = tape.variable(Array::ones({40, 40}));
  Var y = x;
  for (int i = 0; i < 12; ++i) y = tanh(matmul(y, x) * 0.01);
  const Var gradient = tape.gradient(sum(y), x);
  Profile profile;
  gradient.value();
  std::uint64_t products = 0;
  for (const Profile::Entry& entry : profile.entries()) {
    if (entry.what.starts_with("product")) products += entry.calls;
    EXPECT_EQ(entry.scope.starts_with("deep"), entry.what != "planning") << entry.what;
  }
  EXPECT_GT(products, 3U * 12) << "with those that are computed again";
}

TEST(Profile, OfFunctions) {
  const std::string line = std::to_string(__LINE__ + 1);
  const Function f([](const Var& x) { return argsort(x, 0); });
  const Array x{3, 1, 2};
  f(x);
  Profile profile;
  f(x);
  f(x);
  EXPECT_EQ(profile.evaluations(), 2U);
  EXPECT_EQ(entry_of(profile, "call argsort").calls, 2U) << to_string(profile);
  EXPECT_EQ(entry_of(profile, "call argsort").location, "profile_test.cpp:" + line);
}

TEST(Profile, IsOfItsThread) {
  Profile profile;
  std::thread([] {
    Tape tape(Options{});
    evaluate_in(tape, "elsewhere");
  }).join();
  EXPECT_EQ(profile.evaluations(), 0U);
  EXPECT_TRUE(profile.entries().empty());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([i] {
      Profile own;
      for (int j = 0; j <= i; ++j) {
        Tape tape(Options{});
        evaluate_in(tape, "scope");
      }
      EXPECT_EQ(own.evaluations(), static_cast<std::uint64_t>(i + 1));
    });
  for (std::thread& thread : threads) thread.join();
}

TEST(Profile, MayBeNestedAndEndInAnyOrder) {
  auto outer = std::make_unique<Profile>();
  const auto run = [] {
    Tape tape(Options{});
    evaluate_in(tape, "scope");
  };
  run();
  auto inner = std::make_unique<Profile>();
  run();
  EXPECT_EQ(outer->evaluations(), 2U);
  EXPECT_EQ(inner->evaluations(), 1U);
  outer = nullptr;
  run();
  EXPECT_EQ(inner->evaluations(), 2U);
  inner = nullptr;
  run();
}

TEST(Profile, LeavesOutWhatThrows) {
  Tape tape(Options{});
  const Var x = tape.variable(Array{1, 2});
  const Var picked = take(x, tape.variable(Array::from<std::int64_t>({5})), 0);
  Profile profile;
  EXPECT_THROW(picked.value(), ValueError);
  EXPECT_EQ(profile.evaluations(), 0U);
  sum(x).value();
  EXPECT_EQ(profile.evaluations(), 1U);
}

TEST(Profile, AsATable) {
  Tape tape(Options{});
  Profile profile;
  EXPECT_EQ(to_string(profile), "profile: 0 evaluations, 0.000 ms\nshare  calls  ms  GB/s  what  scope  recorded at\n");
  exp(tape.variable(Array::ones({100}))).value();
  const std::string text = to_string(profile);
  EXPECT_TRUE(contains(text, {"profile: 1 evaluation, ", "loop: exp", "profile_test.cpp:", "planning"})) << text;
  EXPECT_FALSE(contains(text, {"(none)"})) << "nobody named a scope";
  evaluate_in(tape, "encoder");
  EXPECT_TRUE(contains(to_string(profile), {"share     ms  scope", "encoder (gradient)", "(none)"}))
      << to_string(profile);
}

// ---- the trace

/// Whether a text is one JSON value: what remains of it after the value is blank.
class Json {
 public:
  explicit Json(const std::string& text) : text_(text) {}
  bool valid() { return value() && (skip(), at_ == text_.size()); }

 private:
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  bool take(char letter) {
    skip();
    if (at_ >= text_.size() || text_[at_] != letter) return false;
    ++at_;
    return true;
  }
  bool list(char end, const std::function<bool()>& item) {
    if (take(end)) return true;
    do {
      if (!item()) return false;
    } while (take(','));
    return take(end);
  }
  bool string() {
    if (!take('"')) return false;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return false;
      if (text_[at_] == '\\' && std::string("\"\\/bfnrtu").find(text_[++at_]) == std::string::npos) return false;
    }
    return take('"');
  }
  bool number() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::string("+-.0123456789eE").find(text_[at_]) != std::string::npos) ++at_;
    return at_ > begin;
  }
  bool value() {
    skip();
    if (take('{')) return list('}', [&] { return string() && take(':') && value(); });
    if (take('[')) return list(']', [&] { return value(); });
    return at_ < text_.size() && text_[at_] == '"' ? string() : number();
  }

  const std::string& text_;
  std::size_t at_ = 0;
};

std::string trace_of(const Profile& profile) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "xtape_profile_test.json";
  profile.write_chrome_trace(path.string());
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  std::filesystem::remove(path);
  return text.str();
}

TEST(Profile, AsAChromeTrace) {
  Profile profile;
  EXPECT_TRUE(Json(trace_of(profile)).valid());
  Tape tape(Options{});
  evaluate_in(tape, "a \"quoted\" \\ scope\n");
  evaluate_in(tape, "encoder");
  const std::string text = trace_of(profile);
  EXPECT_TRUE(Json(text).valid()) << text;
  EXPECT_TRUE(contains(text, {R"("traceEvents":[)", R"("name":"loop: )", R"("cat":"loop","ph":"X","pid":1,"tid":1)",
                              R"("scope":"a \"quoted\" \\ scope\u000a)", R"("recorded at":"profile_test.cpp:)",
                              R"("bytes read":)", R"("ts":)", R"("dur":)", R"("cat":"planning")"}))
      << text;
  EXPECT_FALSE(Json("{\"a\":[1,2}").valid());
}

TEST(Profile, TellsWhatItCannotWrite) {
  const Profile profile;
  EXPECT_EQ(message_of<ValueError>([&] { profile.write_chrome_trace("/no such folder/trace.json"); }),
            "write_chrome_trace: cannot write \"/no such folder/trace.json\"");
}

}  // namespace

}  // namespace xtape::test
