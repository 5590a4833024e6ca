// Every peephole rewrite fires, and keeps the values, at hard points too: a factor of 0 beside inf, NaN that must pass.
#include <charconv>
#include <cmath>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "ops/fused.hpp"
#include "ops/row.hpp"
#include "ops/strong.hpp"

namespace xtape::test {

namespace {

using Letters = std::map<char, Operand>;

Operand call_op(const std::string& name, const std::vector<Operand>& x);

/// Records an expression like "op(a, op(b, 1))".
class Recording {
 public:
  Recording(std::string_view text, const Letters& letters) : rest_(text), letters_(letters) {}

  Operand record() {
    const std::string word(rest_.substr(0, rest_.find_first_of("(,)")));
    rest_.remove_prefix(word.size());
    if (!rest_.starts_with('(')) return leaf(word);
    std::vector<Operand> inputs;
    while (!rest_.starts_with(')')) {
      rest_.remove_prefix(rest_.find_first_not_of("(, "));
      inputs.push_back(record());
    }
    rest_.remove_prefix(1);
    return call_op(word, inputs);
  }

 private:
  Operand leaf(const std::string& word) const {
    double number = 0;
    const auto parsed = std::from_chars(word.data(), word.data() + word.size(), number);
    return parsed.ec == std::errc() ? literal(number) : letters_.at(word[0]);
  }

  std::string_view rest_;
  const Letters& letters_;
};

bool same(const Operand& a, const Operand& b) {
  return a.kind == Operand::Kind::var && b.kind == Operand::Kind::var && node_of(a.var) == node_of(b.var);
}

/// The letters of a rewrite's result, if these inputs agree with it.
bool bind(std::string_view put, const std::vector<Operand>& x, Letters& letters) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto [place, inserted] = letters.emplace(put[put.find('(') + 1 + 3 * i], x[i]);
    if (!inserted && !same(place->second, x[i])) return false;
  }
  return true;
}

/// Which of the rewrites that make a fused op spells it out, a digit for each fused op met.
std::size_t spelling = 0;

Operand spelled_out(const std::string& name, const std::vector<Operand>& x) {
  std::vector<std::pair<std::string_view, Letters>> spellings;
  for (const detail::Rewrite& rewrite : detail::rewrites()) {
    Letters letters;
    if (rewrite.put.starts_with(name + "(") && bind(rewrite.put, x, letters))
      spellings.emplace_back(rewrite.find, letters);
  }
  if (spellings.empty()) throw std::logic_error("no rewrite makes " + name);
  const auto& [find, letters] = spellings[spelling % spellings.size()];
  spelling /= spellings.size();
  return Recording(find, letters).record();
}

Operand call_op(const std::string& name, const std::vector<Operand>& x) {
  static const std::map<std::string, Unary> unary_ops{
      {"negate", negate}, {"square", square}, {"sqrt", sqrt}, {"sign", sign}};
  static const std::map<std::string, Binary> binary_ops{{"add", add},
                                                        {"subtract", subtract},
                                                        {"multiply", multiply},
                                                        {"divide", divide},
                                                        {"strong_multiply", strong_multiply}};
  if (name == "where") return where(x[0], x[1], x[2]);
  if (const auto op = unary_ops.find(name); op != unary_ops.end()) return op->second(x[0]);
  if (const auto op = binary_ops.find(name); op != binary_ops.end()) return op->second(x[0], x[1]);
  return spelled_out(name, x);
}

/// All combinations of hard points: one tensor for each letter.
std::vector<Tensor> combinations(DType dtype) {
  const std::vector<Real> points{0, -0.0L, 1, -1, 0.5L, -3, 7.25L, kInf, -kInf, kNaN};
  constexpr std::size_t kLetters = 4;
  std::vector<std::vector<Real>> letters(kLetters);
  const auto count = static_cast<std::size_t>(std::pow(points.size(), kLetters));
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t rest = i; std::vector<Real> & letter : letters) {
      letter.push_back(points[rest % points.size()]);
      rest /= points.size();
    }
  std::vector<Tensor> result;
  for (const std::vector<Real>& letter : letters) result.push_back(tensor(letter, {std::ssize(letter)}, dtype));
  return result;
}

struct Ran {
  Tensor values;
  std::string plan;
};

Ran run(const detail::Rewrite& rewrite, DType dtype, const Options& options, std::size_t digits) {
  spelling = digits;
  Tape tape(options);
  const std::vector<Var> leaves = make_leaves(tape, combinations(dtype));
  const bool condition = rewrite.find.find("where(c") != std::string_view::npos;
  const Letters letters{
      {'a', leaves[0]}, {'b', leaves[1]}, {'c', condition ? leaves[2] > 0 : leaves[2]}, {'d', leaves[3]}};
  const Var y = Recording(rewrite.find, letters).record().var;
  const std::string plan = tape.dump_plan({y});
  return {tensor_of(y.value()), plan};
}

TEST(Rewrites, FireAndKeepTheValues) {
  for (DType dtype : {DType::float64, DType::float32})
    for (const detail::Rewrite& rewrite : detail::rewrites()) {
      SCOPED_TRACE(std::string(rewrite.find) + " to " + std::string(rewrite.put) + ", " + std::string(name(dtype)));
      const std::string op(rewrite.put.substr(0, rewrite.put.find('(') + 1));
      bool fired = false;
      for (std::size_t i = 0; i < 16; ++i) {
        const Ran rewritten = run(rewrite, dtype, {true, true}, i), plain = run(rewrite, dtype, {false, false}, i);
        fired = fired || rewritten.plan.find(op) != std::string::npos;
        EXPECT_TRUE(close(rewritten.values, plain.values, dtype == DType::float32 ? 1e-6L : 1e-15L));
      }
      EXPECT_TRUE(fired);
    }
}

}  // namespace

}  // namespace xtape::test
