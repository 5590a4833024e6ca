#include "plan/peephole.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <unordered_map>

namespace xtape::detail {

namespace {

constexpr std::size_t kMostLetters = kMostInputs;

/// An expression to be found: an op on expressions, a letter, or a literal.
struct Pattern {
  const Op* op = nullptr;
  std::size_t letter = kMostLetters;  ///< if there is no op; kMostLetters for a literal
  double literal = 0;
  bool shared = false;  ///< others may read the value too
  std::vector<Pattern> inputs;
};

const Op* op_called(std::string_view name) {
  for (const std::span<const Op* const> ops : {all_ops(), fused_ops()})
    for (const Op* op : ops)
      if (op->name == name) return op;
  return nullptr;
}

/// Reads "add(multiply(a, b), 1)".
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<Pattern> parse() {
    Pattern pattern;
    const std::string_view word = take_word();
    if (!rest_.starts_with('(')) return leaf(word, pattern) ? std::optional(pattern) : std::nullopt;
    pattern.op = op_called(word);
    pattern.shared = is_free_when_fused(word);
    if (pattern.op == nullptr) return std::nullopt;
    for (char next = '('; next != ')'; next = rest_.front()) {
      rest_.remove_prefix(next == ',' ? 2 : 1);
      auto input = parse();
      if (!input || rest_.empty()) return std::nullopt;
      pattern.inputs.push_back(std::move(*input));
    }
    rest_.remove_prefix(1);
    return pattern;
  }

 private:
  std::string_view take_word() {
    const std::string_view word = rest_.substr(0, rest_.find_first_of("(,)"));
    rest_.remove_prefix(word.size());
    return word;
  }

  static bool leaf(std::string_view word, Pattern& pattern) {
    if (word.size() == 1 && word[0] >= 'a' && word[0] < 'a' + static_cast<char>(kMostLetters)) {
      pattern.letter = static_cast<std::size_t>(word[0] - 'a');
      return true;
    }
    const auto end = word.data() + word.size();
    return std::from_chars(word.data(), end, pattern.literal).ptr == end && !word.empty();
  }

  std::string_view rest_;
};

/// The pattern with the inputs of commutative ops in every order, so that matching need not try.
std::vector<Pattern> orders(const Pattern& pattern) {
  std::vector<Pattern> result{pattern};
  result[0].inputs.clear();
  for (const Pattern& input : pattern.inputs) {
    std::vector<Pattern> longer;
    for (const Pattern& begun : result) {
      for (Pattern& order : orders(input)) {
        longer.push_back(begun);
        longer.back().inputs.push_back(std::move(order));
      }
    }
    result = std::move(longer);
  }
  if (pattern.op != nullptr && is_commutative(pattern.op->name)) {
    for (std::size_t i = result.size(); i-- > 0;) {
      result.push_back(result[i]);
      std::swap(result.back().inputs[0], result.back().inputs[1]);
    }
  }
  return result;
}

struct Rule {
  Pattern find, put;
};

std::optional<Rule> rule_of(const Rewrite& rewrite) {
  auto find = Parser(rewrite.find).parse(), put = Parser(rewrite.put).parse();
  if (!find || !put || find->op == nullptr || put->op == nullptr) return std::nullopt;
  return Rule{std::move(*find), std::move(*put)};
}

/// Rules by the op whose result they give.
using Rules = std::unordered_map<const Op*, std::vector<Rule>>;

Rules all_rules() {
  Rules rules;
  for (const Rewrite& rewrite : rewrites())
    if (const auto rule = rule_of(rewrite))
      for (Pattern& find : orders(rule->find)) {
        std::vector<Rule>& of_op = rules[find.op];
        of_op.push_back({std::move(find), rule->put});
      }
  return rules;
}

const Rules& known_rules() {
  static const Rules rules = all_rules();
  return rules;
}

/// An op and those of its inputs, null for leaves.
struct Ops {
  const Op* op = nullptr;
  std::size_t count = 0;
  const Op* inputs[kMostInputs] = {};
  friend bool operator==(const Ops&, const Ops&) = default;
};

/// The rules that may fit, by the ops alone: of many rules mostly none. Programs have few ops, in few combinations.
class RulesByOps {
 public:
  std::span<const Rule* const> of(const Ops& ops) {
    Known& known = known_[slot(ops)];
    if (known.ops == ops) return known.rules;
    known.ops = ops;
    known.rules.clear();
    const auto found = known_rules().find(ops.op);
    if (found != known_rules().end())
      for (const Rule& rule : found->second)
        if (may_fit(rule.find.inputs, ops)) known.rules.push_back(&rule);
    return known.rules;
  }

 private:
  struct Known {
    Ops ops;
    std::vector<const Rule*> rules;
  };
  static constexpr int kBits = 6;

  static bool may_fit(const std::vector<Pattern>& inputs, const Ops& ops) {
    if (inputs.size() != ops.count) return false;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (inputs[i].op != nullptr && inputs[i].op != ops.inputs[i]) return false;
    return true;
  }

  static std::size_t slot(const Ops& ops) {
    std::uint64_t hash = reinterpret_cast<std::uintptr_t>(ops.op);
    for (std::size_t i = 0; i < ops.count; ++i) hash = hash * 31 + reinterpret_cast<std::uintptr_t>(ops.inputs[i]);
    return hash * 0x9E3779B97F4A7C15ULL >> (64 - kBits);
  }

  Known known_[1 << kBits];
};

/// Nodes keep their numbers; what is no longer read is left for the sweep at the end.
class PeepholePass {
 public:
  explicit PeepholePass(const Lowered& lowered)
      : lowered_(lowered), program_(lowered.program), readers_(program_.size()) {
    ops_.reserve(program_.size());
    for (NodeId id = 0; id < program_.size(); ++id) {
      const Node& node = program_[id];
      ops_.push_back(is_leaf(node) ? nullptr : node.op);
      for (NodeId input : program_.inputs(node)) ++readers_[input];
    }
    for (NodeId output : lowered.outputs) readers_[output] += 2;  // never a sole reader's
  }

  /// Nothing if no rewrite applies.
  std::optional<Lowered> run() {
    replaced_.places.resize(program_.size());
    for (NodeId id = 0; id < program_.size(); ++id)
      if (ops_[id] != nullptr && is_floating(program_[id].dtype))
        while (rewrite(id)) {
        }
    if (replaced_.fused.empty()) return std::nullopt;
    return without_waste(program_, replaced_, lowered_.outputs, lowered_.origins, true);
  }

 private:
  using Letters = NodeId[kMostLetters];

  bool rewrite(NodeId id) {
    const std::span<const NodeId> inputs = replaced_.inputs(program_, id);
    if (inputs.size() > kMostInputs) return false;
    Ops ops{ops_[id], inputs.size(), {}};
    for (std::size_t i = 0; i < inputs.size(); ++i) ops.inputs[i] = ops_[inputs[i]];
    for (const Rule* rule : rules_.of(ops)) {
      Letters letters;
      std::ranges::fill(letters, kNoNode);
      if (!fit(rule->find.inputs, inputs, program_[id], letters)) continue;
      put(*rule, id, letters);
      return true;
    }
    return false;
  }

  bool fit(const std::vector<Pattern>& patterns, std::span<const NodeId> inputs, const Node& root,
           Letters& letters) const {
    for (std::size_t i = 0; i < patterns.size(); ++i)
      if (!fits(patterns[i], inputs[i], root, letters)) return false;
    return true;
  }

  bool fits(const Pattern& pattern, NodeId id, const Node& root, Letters& letters) const {
    if (pattern.op == nullptr && pattern.letter == kMostLetters) return has_value(id, pattern.literal);
    if (pattern.op == nullptr) {
      NodeId& value = letters[pattern.letter];
      if (value == kNoNode) value = id;
      return value == id;
    }
    if (ops_[id] != pattern.op || !(pattern.shared || readers_[id] == 1)) return false;
    const Node& node = program_[id];
    const std::span<const NodeId> inputs = replaced_.inputs(program_, id);
    return node.dtype == root.dtype && node.shape == root.shape && inputs.size() == pattern.inputs.size() &&
           fit(pattern.inputs, inputs, root, letters);
  }

  /// A literal, or a tensor of it.
  bool has_value(NodeId id, double value) const {
    while (program_[id].op->kind == OpKind::view && !is_leaf(program_[id])) id = program_.inputs(program_[id])[0];
    const Node& node = program_[id];
    return node.op->kind == OpKind::constant && !is_leaf(node) &&
           std::memcmp(program_.attributes(node).data(), &value, sizeof value) == 0;
  }

  void put(const Rule& rule, NodeId id, const Letters& letters) {
    Replacements::Fused fused{rule.put.op, {}, 0};
    for (const Pattern& input : rule.put.inputs) {
      fused.inputs[fused.input_count] = letters[input.letter];
      ++readers_[fused.inputs[fused.input_count++]];
    }
    for (NodeId input : replaced_.inputs(program_, id)) release(input);
    ops_[id] = fused.op;
    std::uint32_t& place = replaced_.places[id];
    if (place == 0) {
      replaced_.fused.push_back(fused);
      place = static_cast<std::uint32_t>(replaced_.fused.size());
    } else {
      replaced_.fused[place - 1] = fused;
    }
  }

  /// A reader less, and what dies with it reads no more.
  void release(NodeId id) {
    if (--readers_[id] > 0 || ops_[id] == nullptr) return;
    for (NodeId input : replaced_.inputs(program_, id)) release(input);
  }

  const Lowered& lowered_;
  const Program& program_;
  RulesByOps rules_;
  LargeVector<const Op*> ops_;  ///< as rewritten, null for leaves: most tries end here, and it is small
  LargeVector<std::uint32_t> readers_;
  Replacements replaced_;
};

}  // namespace

Lowered peephole(Lowered lowered) {
  std::optional<Lowered> rewritten = PeepholePass(lowered).run();
  return rewritten ? std::move(*rewritten) : std::move(lowered);
}

bool is_usable(const Rewrite& rewrite) {
  const auto rule = rule_of(rewrite);
  return rule && std::ranges::all_of(rule->put.inputs, [](const Pattern& p) { return p.letter < kMostLetters; });
}

}  // namespace xtape::detail
