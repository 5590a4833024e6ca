#include "function/encode.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include <xtape/version.hpp>

#include "ops/custom.hpp"
#include "ops/errors.hpp"
#include "ops/leaf.hpp"
#include "ops/ruled.hpp"

namespace xtape::detail {

namespace {

using Json = nlohmann::ordered_json;

/// The arrays and Parameters of a file, each once.
struct Tables {
  std::vector<Array> arrays;
  std::vector<std::shared_ptr<ParameterState>> parameters;

  std::size_t add(const Array& array) {
    const auto found = std::ranges::find_if(arrays, [&](const Array& other) {
      return other.bytes() == array.bytes() && other.dtype() == array.dtype() && other.shape() == array.shape();
    });
    if (found == arrays.end()) return arrays.push_back(array), arrays.size() - 1;
    return static_cast<std::size_t>(found - arrays.begin());
  }
  std::size_t add(const std::shared_ptr<ParameterState>& parameter) {
    const auto found = std::ranges::find(parameters, parameter);
    if (found == parameters.end()) return parameters.push_back(parameter), parameters.size() - 1;
    return static_cast<std::size_t>(found - parameters.begin());
  }
};

Json extents(const Shape& shape) { return Json(std::vector<std::int64_t>(shape.begin(), shape.end())); }

/// What a leaf holds; nothing for inputs of the program.
void encode_leaf(const Graph& graph, const Node& node, Tables& tables, Json& json) {
  if (node.holds == Holds::array) json["array"] = tables.add(graph.arrays[node.value]);
  if (node.holds == Holds::parameter) json["parameter"] = tables.add(graph.parameters[node.value]);
  if (node.holds == Holds::number) json["number"] = graph.numbers[node.value];
}

/// The name of a rule that the application gave; empty if the op is one of the library's.
std::string own_rule(const Graph& graph, const Node& node, const std::set<const Op*>& known) {
  if (node.op == &ruled_op) return graph.rules[static_cast<std::size_t>(graph.program.attributes(node)[0])]->name;
  if (known.contains(node.op)) return {};
  if (node.op->kind == OpKind::opaque)
    fail<ValueError>("save", "the custom op \"", node.op->name,
                     "\" computes its value by a C++ function, which a file cannot hold; write it in ordinary ops");
  return std::string(node.op->name);
}

Json encode_node(const Graph& graph, const Node& node, const std::set<const Op*>& known, Tables& tables) {
  const auto inputs = graph.program.inputs(node);
  const auto attributes = graph.program.attributes(node);
  const std::string rule = own_rule(graph, node, known);
  Json json;
  json["op"] = rule.empty() ? node.op->name : ruled_op.name;
  if (!rule.empty()) json["rule"] = rule;
  json["dtype"] = name(node.dtype);
  json["shape"] = extents(node.shape);
  if (!inputs.empty()) json["inputs"] = std::vector<NodeId>(inputs.begin(), inputs.end());
  if (rule.empty() && !attributes.empty())
    json["attributes"] = std::vector<std::int64_t>(attributes.begin(), attributes.end());
  if (node.internal) json["internal"] = true;
  encode_leaf(graph, node, tables, json);
  return json;
}

Json encode_graph(const Graph& graph, const std::set<const Op*>& known, Tables& tables) {
  Json nodes = Json::array();
  for (NodeId id = 0; id < graph.program.size(); ++id)
    nodes.push_back(encode_node(graph, graph.program[id], known, tables));
  return {{"inputs", graph.inputs}, {"outputs", graph.outputs}, {"nodes", nodes}};
}

}  // namespace

Encoded encode(std::span<const Graph* const> graphs) {
  const auto ops = all_ops();
  const std::set<const Op*> known(ops.begin(), ops.end());
  Tables tables;
  Json programs = Json::array(), parameters = Json::array(), arrays = Json::array();
  for (const Graph* graph : graphs) programs.push_back(encode_graph(*graph, known, tables));
  for (const auto& parameter : tables.parameters)
    parameters.push_back({{"name", parameter->name}, {"array", tables.add(parameter->value)}});
  for (const Array& array : tables.arrays)
    arrays.push_back({{"dtype", name(array.dtype())}, {"shape", extents(array.shape())}});
  const Json header = {{"producer", std::string("xtape ") + kVersion},
                       {"programs", programs},
                       {"parameters", parameters},
                       {"arrays", arrays}};
  try {
    return {header.dump(), std::move(tables.arrays)};
  } catch (const Json::exception&) {
    fail<ValueError>("save", "the name of a Parameter or of a custom op is not UTF-8");
  }
}

}  // namespace xtape::detail
