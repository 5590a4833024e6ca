// Functions as files: what comes back, and that no bytes whatever do harm.
#include <xtape/function.hpp>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include <xtape/control.hpp>
#include <xtape/custom_op.hpp>
#include <xtape/xtape.hpp>

#include "function/checksum.hpp"
#include "function/encode.hpp"
#include "function/recorded.hpp"
#include "ops/op.hpp"
#include "support/check.hpp"

namespace xtape {

using test::contains;
using test::message_of;

namespace {

std::vector<double> elements(const Array& array) {
  const auto values = array.values<double>();
  return {values.begin(), values.end()};
}

std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void set_number(std::string& bytes, std::size_t at, std::uint64_t number) {
  std::memcpy(bytes.data() + at, &number, sizeof number);
}

/// The same bytes with the size and the checksum that belong to them.
std::string sealed(std::string bytes) {
  set_number(bytes, 24, bytes.size());
  const std::string_view body(bytes.data(), bytes.size() - 8);
  set_number(bytes, body.size(), detail::crc64(std::as_bytes(std::span(body))));
  return bytes;
}

class FunctionFile : public testing::Test {
 protected:
  FunctionFile() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = (std::filesystem::temp_directory_path() /
             (std::string("xtape_") + test->name() + "_" + std::to_string(std::random_device()())))
                .string();
  }
  ~FunctionFile() override { std::filesystem::remove(path_); }

  Function reloaded(const Function& f) const {
    f.save(path_);
    return Function::load(path_);
  }
  /// The file with a header of one's own, padded as it must be, in front of the same arrays.
  std::string with_header(std::string header) const {
    const std::string bytes = read_bytes(path_);
    std::uint64_t old;
    std::memcpy(&old, bytes.data() + 16, sizeof old);
    header.resize((header.size() + 32 + 63) / 64 * 64 - 32, ' ');
    std::string changed = bytes.substr(0, 32) + header + bytes.substr(32 + old);
    set_number(changed, 16, header.size());
    return sealed(changed);
  }
  std::string header() const {
    const std::string bytes = read_bytes(path_);
    std::uint64_t size;
    std::memcpy(&size, bytes.data() + 16, sizeof size);
    return bytes.substr(32, size);
  }
  /// What loading says once `from` has become `to` in the header.
  std::string message_after(const std::string& from, const std::string& to) const {
    std::string changed = header();
    const std::size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from << " in " << changed;
    changed.replace(at, from.size(), to);
    const std::string file = with_header(changed), before = read_bytes(path_);
    write_bytes(path_, file);
    const std::string message = message_of<ValueError>([&] { static_cast<void>(Function::load(path_)); });
    write_bytes(path_, before);
    return message;
  }

  std::string path_;
};

// ---- What comes back

TEST_F(FunctionFile, HoldsWhatTheFunctionNeeds) {
  Parameter w("weights", Array{{1, 2}, {3, 4}});
  const Array shift{10, 20};
  const Function f([&](const Var& x) { return std::pair(matmul(x, w) + shift, 0.5 * sum(x) + literal(2)); });
  const Array x{1, -1};
  const std::vector<Array> expected = f.call(x);
  const Function g = reloaded(f);
  w.assign(Array{{0, 0}, {0, 0}});  // the file has its own
  const std::vector<Array> actual = g.call(x);
  ASSERT_EQ(actual.size(), 2u);
  EXPECT_EQ(elements(actual[0]), elements(expected[0]));
  EXPECT_EQ(elements(actual[0]), (std::vector<double>{8, 18}));
  EXPECT_EQ(actual[1].item<double>(), 2);

  ASSERT_EQ(g.parameters().size(), 1u);
  EXPECT_EQ(g.parameters()[0]->name(), "weights");
  g.parameters()[0]->assign(Array{{1, 0}, {0, 1}});
  EXPECT_EQ(elements(g.call(x)[0]), (std::vector<double>{11, 19}));
}

TEST_F(FunctionFile, HoldsAllRecordings) {
  const Function f([](const Var& x) { return sum(x * x); });
  EXPECT_EQ(f(Array{1, 2}).item<double>(), 5);
  EXPECT_EQ(f(2.0f).item<float>(), 4);
  const Function g = reloaded(f);
  EXPECT_EQ(g.recordings(), 2u);
  EXPECT_EQ(g(Array{3, 4}).item<double>(), 25);
  EXPECT_EQ(g(3.0f).item<float>(), 9);
}

TEST_F(FunctionFile, CanBeDifferentiatedAndSavedAgain) {
  Parameter w("w", Array{2, 3});
  const Function f([&](const Var& x) { return sum(w * tanh(x)); });
  f.prepare(Array{0, 0});
  const Function g = reloaded(reloaded(f));
  Tape tape;
  const Var x = tape.variable(Array{0.5, -0.25});
  const Var y = g(x);
  const double slope = 1 - std::tanh(0.5) * std::tanh(0.5);
  EXPECT_NEAR(elements(tape.gradient(y, x).value())[0], 2 * slope, 1e-15);
  EXPECT_NEAR(elements(tape.gradient(y, *g.parameters()[0]).value())[1], std::tanh(-0.25), 1e-15);
}

TEST_F(FunctionFile, HoldsGradientsDtypesAndEmptyArrays) {
  const Function f([](Tape& tape, const Var& x, const Var& index, const Var& mask) {
    const Var chosen = where(mask, take(x, index, 0), 1.5f);
    const Var nothing = tape.variable(Array::zeros({0, 3}, DType::float32));
    return std::tuple(chosen, tape.gradient(sum(square(chosen)), x), nothing, argmax(x));
  });
  const Array x = Array::from<float>({1, 5, 3}), index = Array::from<std::int64_t>({2, 1});
  const Array mask = Array::from<bool>({true, false});
  const std::vector<Array> expected = f.call(x, index, mask), actual = reloaded(f).call(x, index, mask);
  ASSERT_EQ(actual.size(), 4u);
  EXPECT_EQ(actual[0].values<float>()[0], 3);
  EXPECT_EQ(actual[0].values<float>()[1], 1.5f);
  EXPECT_EQ(actual[1].values<float>()[2], 6);
  EXPECT_EQ(actual[2].shape(), (Shape{0, 3}));
  EXPECT_EQ(actual[3].item<std::int64_t>(), 1);
}

TEST_F(FunctionFile, GivesTheSameRandomNumbers) {
  const Function f([](const Var& x) { return x + normal_like(x, Array::from<std::int64_t>({42, 7})); });
  const Array x = Array::zeros({5});
  const Array expected = f(x);
  EXPECT_EQ(elements(reloaded(f)(x)), elements(expected));
}

TEST_F(FunctionFile, HoldsTheValueOfCustomOpsButNotTheirRule) {
  const CustomOp cube(
      "cube", [](std::span<const Var> x) { return x[0] * x[0] * x[0]; },
      [](std::span<const Var> x, const Var&, const Var& h) { return std::vector<Var>{h * 3 * x[0] * x[0]}; });
  const Function f([&](const Var& x) { return cube(x) + x; });
  EXPECT_EQ(f(2.0).item<double>(), 10);
  const Function g = reloaded(f);
  EXPECT_EQ(g(3.0).item<double>(), 30);
  Tape tape;
  const Var x = tape.variable(2.0);
  const Var y = g(x);
  EXPECT_EQ(y.item<double>(), 10);
  EXPECT_EQ(
      message_of<ValueError>([&] { static_cast<void>(tape.gradient(y, x)); }),
      "cube: it cannot be differentiated: its rule is a C++ function, which the program's file does not hold, only "
      "its value");
}

TEST_F(FunctionFile, HoldsTheValueOfCheckpointsButNotTheirRule) {
  const Function f(checkpoint([](const Var& x) { return x * (x + 1); }));
  EXPECT_EQ(f(0.0).item<double>(), 0);
  const Function g = reloaded(f);
  EXPECT_EQ(g(2.0).item<double>(), 6);
  Tape tape;
  const Var x = tape.variable(1.0);
  EXPECT_TRUE(contains(message_of<ValueError>([&] { static_cast<void>(tape.gradient(g(x), x)); }),
                       {"checkpoint: it cannot be differentiated: its rule is a C++ function"}));
}

TEST_F(FunctionFile, RejectsFixedPoints) {
  const Function f(
      [](const Var& a) { return fixed_point([](const Var& x, const Var& b) { return b * cos(x); }, Array(0.5), a); });
  f(0.5);
  EXPECT_TRUE(contains(message_of<ValueError>([&] { f.save(path_); }),
                       {"save: the custom op \"fixed_point\" computes its value by a C++ function"}));
}

TEST_F(FunctionFile, RejectsOpaqueCustomOps) {
  const CustomOp opaque(
      "my_table", [](std::span<const Array> x) { return x[0]; },
      [](std::span<const Array>, const Array&, const Array& h) { return std::vector<Array>{h}; });
  const Function f([&](const Var& x) { return opaque(x); });
  f.prepare(1.0);
  EXPECT_EQ(
      message_of<ValueError>([&] { f.save(path_); }),
      "save: the custom op \"my_table\" computes its value by a C++ function, which a file cannot hold; write it in "
      "ordinary ops");
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(FunctionFile, RejectsInputsThatItWasNotRecordedFor) {
  const Function f([](const Var& x, const Var& y) { return x + sum(y); });
  f.prepare(1.0, Array{1, 2});
  f.prepare(Array{1, 2}, 2.0);
  const Function g = reloaded(f);
  const std::string known = ", it was recorded for (float64 [2], float64 []) or (float64 [], float64 [2])";
  EXPECT_EQ(message_of<ValueError>([&] { g(1.0); }), "Function: the inputs are (float64 [])" + known);
  EXPECT_EQ(message_of<ShapeError>([&] { g(1.0, 2.0); }), "Function: the inputs are (float64 [], float64 [])" + known);
  EXPECT_EQ(message_of<DTypeError>([&] { g(1, 2.0f); }), "Function: the inputs are (int64 [], float32 [])" + known);
  EXPECT_EQ(g(1.0, Array{2, 3}).item<double>(), 6);
}

TEST_F(FunctionFile, RejectsSavingNothingOrNowhere) {
  const Function f([](const Var& x) { return x; });
  EXPECT_EQ(message_of<ValueError>([&] { f.save(path_); }),
            "save: nothing has been recorded; call the Function first, or `prepare` it");
  f.prepare(1.0);
  EXPECT_EQ(message_of<ValueError>([&] { f.save("/nonexistent/f.xtape"); }),
            "save: \"/nonexistent/f.xtape\" cannot be written");
  EXPECT_EQ(message_of<ValueError>([] { static_cast<void>(Function::load("/nonexistent/f.xtape")); }),
            "load: \"/nonexistent/f.xtape\" cannot be read");
  Parameter odd("\xff", Array{1, 2});
  const Function g([&](const Var& x) { return x + odd; });
  g.prepare(1.0);
  EXPECT_EQ(message_of<ValueError>([&] { g.save(path_); }),
            "save: the name of a Parameter or of a custom op is not UTF-8");
}

/// Files name ops, which must be unique, and must be there in an application that mentions none of them.
TEST(FunctionFileOps, AreAllFoundByName) {
  std::set<std::string> names, found;
  for (const detail::Op* op : detail::all_ops()) EXPECT_TRUE(names.emplace(op->name).second) << op->name;
  std::FILE* program = popen(XTAPE_LINKED_OPS, "r");
  ASSERT_NE(program, nullptr);
  char line[100];
  while (std::fgets(line, sizeof line, program) != nullptr) found.insert(std::string(line, std::strcspn(line, "\n")));
  EXPECT_EQ(pclose(program), 0);
  for (const std::string& op : names) EXPECT_TRUE(found.contains(op)) << op << ": mention its file in linked_ops.cpp";
}

// ---- Bad files

TEST_F(FunctionFile, RejectsOtherFilesAndVersions) {
  write_bytes(path_, "x,y\n1,2\n");
  EXPECT_EQ(message_of<ValueError>([&] { static_cast<void>(Function::load(path_)); }),
            "load: \"" + path_ + "\" is no program file");
  const Function f([](const Var& x) { return x + 1; });
  f.prepare(1.0);
  f.save(path_);
  std::string bytes = read_bytes(path_);
  bytes[8] = 2;
  write_bytes(path_, sealed(bytes));
  EXPECT_EQ(message_of<ValueError>([&] { static_cast<void>(Function::load(path_)); }),
            "load: \"" + path_ + "\" has format version 2, this xtape reads 1");
}

TEST_F(FunctionFile, RejectsWhatIsDamaged) {
  Parameter w("w", Array{1, 2, 3});
  const Function f([&](const Var& x) { return sum(x * w); });
  f.prepare(Array{1, 2, 3});
  f.save(path_);
  const std::string bytes = read_bytes(path_);
  const auto rejects = [&](const std::string& damaged) {
    write_bytes(path_, damaged);
    return message_of<ValueError>([&] { static_cast<void>(Function::load(path_)); }).starts_with("load: \"" + path_);
  };
  for (std::size_t size = 0; size < bytes.size(); size += 5) ASSERT_TRUE(rejects(bytes.substr(0, size))) << size;
  EXPECT_TRUE(rejects(bytes + '\0'));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
    ASSERT_TRUE(rejects(flipped)) << at;
  }
}

/// Changes to the header whose checksum is right again: an Error or a Function, but no crash.
TEST_F(FunctionFile, SurvivesChangedHeaders) {
  Parameter w("w", Array{1, 2, 3});
  const Function f([&](const Var& x) { return sum(tanh(x * w)); });
  f.prepare(Array{1, 2, 3});
  f.save(path_);
  const std::string whole = header(), bytes = read_bytes(path_);
  const auto arrays = std::as_bytes(std::span(bytes)).subspan(32 + whole.size(), 64);
  ASSERT_EQ(detail::decode(whole, arrays).size(), 1u);
  std::mt19937 random(7);
  int rejected = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string changed = whole;
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      char& byte = changed[random() % changed.size()];
      byte = random() % 2 == 0 ? static_cast<char>(byte ^ 1 << random() % 7) : "0123456789[]{},\":-"[random() % 18];
    }
    try {
      for (detail::Graph& graph : detail::decode(changed, arrays)) detail::plan_graph(std::move(graph), {});
    } catch (const Error&) {
      ++rejected;
    }
  }
  EXPECT_GT(rejected, 1000);
}

TEST_F(FunctionFile, RejectsHeadersThatMakeNoSense) {
  Parameter w("w", Array{1, 2, 3});
  const Function f([&](const Var& x) { return sum(x * w); });
  f.prepare(Array{1, 2, 3});
  f.save(path_);
  EXPECT_TRUE(contains(message_after("\"multiply\"", "\"multiplz\""), {"the op \"multiplz\" is unknown"}));
  EXPECT_TRUE(contains(message_after("\"inputs\":[0,1]", "\"inputs\":[0,2]"), {"a node's number is 2", "below 2"}));
  EXPECT_TRUE(contains(message_after("\"inputs\":[0,1]", "\"inputs\":[0,-1]"), {"a node's number is -1"}));
  EXPECT_TRUE(contains(message_after("\"inputs\":[0,1]", "\"inputs\":[]"), {"node 2, multiply, does not fit"}));
  EXPECT_TRUE(contains(message_after("\"outputs\":[3]", "\"outputs\":[4]"), {"a node's number is 4"}));
  EXPECT_TRUE(contains(message_after("\"outputs\":[3]", "\"outputs\":[]"), {"a program has no outputs"}));
  EXPECT_TRUE(contains(message_after("\"inputs\":[0],\"outputs\"", "\"inputs\":[1],\"outputs\""),
                       {"input 1 of a program is no placeholder"}));
  EXPECT_TRUE(contains(message_after("float64", "float65"), {"the dtype \"float65\" is unknown"}));
  EXPECT_TRUE(contains(message_after("\"shape\":[3]", "\"shape\":[-3]"), {"Shape", "-3"}));
  EXPECT_TRUE(contains(message_after("\"shape\":[3]", "\"shape\":[4]"), {"does not fit its inputs"}));
  EXPECT_TRUE(contains(message_after("\"shape\":[3]", "\"shape\":[9223372036854775807]"), {"too many elements"}));
  EXPECT_TRUE(contains(message_after("\"shape\":[3]", "\"shape\":[9223372036854775808]"), {"is no int64"}));
  EXPECT_TRUE(contains(message_after("\"shape\":[3]", "\"shape\":{}"), {"\"shape\" is no list"}));
  EXPECT_TRUE(contains(message_after("\"array\":0", "\"array\":1"), {"an array's number is 1"}));
  EXPECT_TRUE(contains(message_after("\"parameter\":0", "\"parameter\":7"), {"a Parameter's number is 7"}));
  EXPECT_TRUE(contains(message_after("\"name\":\"w\"", "\"name\":5"), {"a Parameter's name is no text"}));
  EXPECT_TRUE(contains(message_after("\"arrays\":[{\"dtype\":\"float64\",\"shape\":[3]}]",
                                     "\"arrays\":[{\"dtype\":\"float64\",\"shape\":[30000]}]"),
                       {"array 0 of 240000 bytes goes beyond the end"}));
  EXPECT_TRUE(contains(message_after("\"arrays\":[{\"dtype\":\"float64\",\"shape\":[3]}]",
                                     "\"arrays\":[{\"dtype\":\"float64\",\"shape\":[0]}]"),
                       {"64 bytes are left"}));
  EXPECT_TRUE(contains(message_after("\"arrays\":[{\"dtype\":\"float64\",\"shape\":[3]}]",
                                     "\"arrays\":[{\"dtype\":\"float32\",\"shape\":[3]}]"),
                       {"holds an array of float32 [3]"}));
  EXPECT_TRUE(contains(message_after("\"programs\"", "\"pragrams\""), {"lacks \"programs\""}));
  EXPECT_TRUE(contains(message_after("{", "{{"), {"the header is no JSON"}));
  std::string far = read_bytes(path_);
  set_number(far, 16, far.size());
  write_bytes(path_, sealed(far));
  EXPECT_TRUE(contains(message_of<ValueError>([&] { static_cast<void>(Function::load(path_)); }),
                       {"the header of", "goes beyond the file"}));
}

TEST_F(FunctionFile, RejectsNumbersWithoutAnElementAndNoPrograms) {
  const Function f([](const Var& x) { return x * 3; });
  f.prepare(1.0);
  f.save(path_);
  EXPECT_TRUE(contains(message_after("\"number\":", "\"number\":-"), {"a number is no 0-d element"}));
  const std::string whole = header();
  write_bytes(path_, with_header(R"({"programs":[],"parameters":[],"arrays":[]})"));
  EXPECT_TRUE(
      contains(message_of<ValueError>([&] { static_cast<void>(Function::load(path_)); }), {"it holds no program"}));
}

}  // namespace
}  // namespace xtape
