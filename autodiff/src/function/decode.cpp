#include <algorithm>
#include <cstring>
#include <map>

#include <nlohmann/json.hpp>

#include "function/encode.hpp"
#include "function/linked_ops.hpp"
#include "kernels/dispatch.hpp"
#include "ops/errors.hpp"
#include "ops/leaf.hpp"
#include "ops/ruled.hpp"
#include "tape/storage.hpp"

namespace xtape::detail {

namespace {

using Json = nlohmann::json;

constexpr const char* kLoaded = "a loaded program";

template <class... Parts>
[[noreturn]] void reject(const Parts&... parts) {
  std::string message;
  ((message += text(parts)), ...);
  throw ValueError(message);
}

/// A member that must be there.
const Json& member(const Json& json, const char* key) {
  if (!json.is_object() || !json.contains(key)) reject("the header lacks \"", key, "\"");
  return json[key];
}

const Json& list(const Json& json, const char* key) {
  const Json& all = member(json, key);
  if (!all.is_array()) reject("\"", key, "\" is no list");
  return all;
}

std::string string_of(const Json& json, const char* what) {
  if (!json.is_string()) reject(what, " is no text");
  return json.get<std::string>();
}

/// An index below `end`.
std::uint32_t index_of(const Json& json, std::size_t end, const char* what) {
  if (!json.is_number_unsigned() || json.get<std::uint64_t>() >= end)
    reject(what, " is ", json.dump(), ", it must be a number below ", end);
  return json.get<std::uint32_t>();
}

std::vector<std::int64_t> integers(const Json& json, const char* key) {
  std::vector<std::int64_t> all;
  if (!json.contains(key)) return all;
  for (const Json& number : list(json, key)) {
    const bool beyond = number.is_number_unsigned() && number.get<std::uint64_t>() > INT64_MAX;
    if (!number.is_number_integer() || beyond) reject("\"", key, "\" holds ", number.dump(), ", which is no int64");
    all.push_back(number.get<std::int64_t>());
  }
  if (all.size() > UINT16_MAX) reject("\"", key, "\" holds ", all.size(), " numbers");
  return all;
}

std::vector<NodeId> node_ids(const Json& json, const char* key, std::size_t end) {
  std::vector<NodeId> ids;
  if (!json.contains(key)) return ids;
  for (const Json& id : list(json, key)) ids.push_back(index_of(id, end, "a node's number"));
  return ids;
}

DType dtype_of_json(const Json& json) {
  const std::string wanted = string_of(member(json, "dtype"), "a dtype");
  for (DType dtype : {DType::float32, DType::float64, DType::int64, DType::boolean})
    if (name(dtype) == wanted) return dtype;
  reject("the dtype \"", wanted, "\" is unknown");
}

/// Throws ShapeError as Shape itself does, which decode reports like the others.
Shape shape_of_json(const Json& json) {
  member(json, "shape");
  const Shape shape(integers(json, "shape"));
  if (!shape.addressable()) reject(shape, " has too many elements");
  return shape;
}

std::vector<Array> decode_arrays(const Json& header, std::span<const std::byte> bytes) {
  std::vector<Array> arrays;
  for (const Json& json : list(header, "arrays")) {
    const DType dtype = dtype_of_json(json);
    const Shape shape = shape_of_json(json);
    const std::size_t size = static_cast<std::size_t>(shape.size()) * size_of(dtype);
    const std::size_t padded = (size + kFileAlignment - 1) / kFileAlignment * kFileAlignment;
    if (padded > bytes.size()) reject("array ", arrays.size(), " of ", size, " bytes goes beyond the end of the file");
    arrays.push_back(ArrayAccess::allocate(dtype, shape));
    if (size > 0) std::memcpy(ArrayAccess::mutable_bytes(arrays.back()), bytes.data(), size);
    bytes = bytes.subspan(padded);
  }
  if (!bytes.empty()) reject(bytes.size(), " bytes are left behind the arrays");
  return arrays;
}

using Parameters = std::vector<std::shared_ptr<ParameterState>>;

Parameters decode_parameters(const Json& header, std::span<const Array> arrays) {
  Parameters parameters;
  for (const Json& json : list(header, "parameters")) {
    const std::string own_name = string_of(member(json, "name"), "a Parameter's name");
    const Array& value = arrays[index_of(member(json, "array"), arrays.size(), "an array's number")];
    parameters.push_back(std::make_shared<ParameterState>(ParameterState{own_name, value}));
  }
  return parameters;
}

using OpsByName = std::map<std::string_view, const Op*>;

OpsByName ops_by_name() {
  OpsByName ops;
  for (const Op* op : linked_ops()) ops.emplace(op->name, op);
  ops.emplace(ruled_op.name, &ruled_op);
  return ops;
}

/// In place of a rule that was the application's.
std::shared_ptr<const UserRule> lost_rule(const std::string& rule) {
  return std::make_shared<const UserRule>(
      UserRule{rule, [rule](std::span<const Var>, const Var&, const Var&) -> std::vector<Var> {
                 fail<ValueError>(rule,
                                  "it cannot be differentiated: its rule is a C++ function, which the program's "
                                  "file does not hold, only its value");
               }});
}

/// Builds one graph, node by node.
struct Decoder {
  const OpsByName& ops;
  std::span<const Array> arrays;
  const Parameters& parameters;
  Graph graph = {};

  const Op& op_of(const Json& json) const {
    const std::string wanted = string_of(member(json, "op"), "an op's name");
    const auto found = ops.find(wanted);
    if (found == ops.end()) reject("the op \"", wanted, "\" is unknown to this version of xtape");
    return *found->second;
  }

  void add(const Json& json) {
    const NodeId id = graph.program.size();
    const Op& op = op_of(json);
    const Shape shape = shape_of_json(json);
    const DType dtype = dtype_of_json(json);
    const std::vector<NodeId> inputs = node_ids(json, "inputs", id);
    std::vector<std::int64_t> attributes = integers(json, "attributes");
    if (&op == &ruled_op) {
      attributes = {static_cast<std::int64_t>(graph.rules.size())};
      graph.rules.push_back(lost_rule(string_of(member(json, "rule"), "a rule's name")));
    }
    graph.program.append(op, dtype, shape, inputs, attributes, {kLoaded, id});
    Node& node = graph.program[id];
    node.internal = json.contains("internal");
    if (op.kind == OpKind::leaf) hold(json, node);
    check(node);
  }

  void hold(const Json& json, Node& node) {
    if (node.op == &placeholder_op) return;
    if (node.op == &input_op) {
      const Array& array = arrays[index_of(member(json, "array"), arrays.size(), "an array's number")];
      check_value(node, array);
      graph.arrays.push_back(array);
      return refer(node, Holds::array, graph.arrays.size());
    }
    if (node.op == &parameter_op) {
      const auto& own = parameters[index_of(member(json, "parameter"), parameters.size(), "a Parameter's number")];
      check_value(node, own->value);
      graph.parameters.push_back(own);
      return refer(node, Holds::parameter, graph.parameters.size());
    }
    const Json& number = member(json, "number");
    if (!number.is_number_unsigned() || node.shape.rank() != 0) reject("a number is no 0-d element");
    graph.numbers.push_back(number.get<std::uint64_t>());
    refer(node, Holds::number, graph.numbers.size());
  }

  static void refer(Node& node, Holds holds, std::size_t size) {
    node.holds = holds;
    node.value = static_cast<std::uint32_t>(size - 1);
  }

  static void check_value(const Node& node, const Array& array) {
    if (array.dtype() != node.dtype || array.shape() != node.shape)
      reject("an input of ", node.dtype, " ", node.shape, " holds an array of ", array.dtype(), " ", array.shape());
  }

  [[noreturn]] void reject_node(const Node& node) const {
    reject("node ", graph.program.size() - 1, ", ", node.op->name, ", does not fit its inputs");
  }

  const Node& input(const Node& node, std::size_t at) const { return graph.program[graph.program.inputs(node)[at]]; }

  /// What can be told without running an op's own checks.
  void check(const Node& node) const {
    const std::size_t inputs = node.input_count, attributes = node.attribute_count;
    bool fits = true;
    switch (node.op->kind) {
      case OpKind::leaf:
        fits = inputs == 0 && attributes == 0;
        break;
      case OpKind::constant:
        fits = inputs == 0 && attributes == 1 && node.shape.rank() == 0;
        break;
      case OpKind::elementwise:
        fits = inputs >= 1 && inputs <= kMostInputs;
        for (std::size_t i = 0; fits && i < inputs; ++i)
          fits = input(node, i).shape == node.shape || input(node, i).shape.rank() == 0;
        break;
      case OpKind::view:
        fits = inputs == 1;
        break;
      case OpKind::reduction:
        fits = inputs == 1 && attributes == 2 && fits_reduction(node);
        break;
      case OpKind::matmul:
        fits = inputs == 2 && fits_matmul(node);
        break;
      default:
        fits = node.op != &ruled_op || fits_rule(node);
    }
    if (!fits) reject_node(node);
  }

  bool fits_reduction(const Node& node) const {
    const auto attributes = graph.program.attributes(node);
    const auto rank = static_cast<std::int64_t>(input(node, 0).shape.rank());
    const std::int64_t last = attributes[0], count = attributes[1];
    return last >= 0 && count >= 0 && last <= rank && count <= rank - last &&
           rank - count == static_cast<std::int64_t>(node.shape.rank());
  }

  bool fits_matmul(const Node& node) const {
    const Shape &a = input(node, 0).shape, &b = input(node, 1).shape;
    if (a.rank() < 2 || a.rank() != b.rank() || a.rank() != node.shape.rank()) return false;
    return a.back() == b.back(1) && node.shape.back(1) == a.back(1) && node.shape.back() == b.back();
  }

  bool fits_rule(const Node& node) const {
    return node.input_count >= 1 && input(node, 0).dtype == node.dtype && input(node, 0).shape == node.shape;
  }
};

Graph decode_graph(const Json& json, const OpsByName& ops, std::span<const Array> arrays,
                   const Parameters& parameters) {
  Decoder decoder{ops, arrays, parameters};
  for (const Json& node : list(json, "nodes")) decoder.add(node);
  Graph graph = std::move(decoder.graph);
  member(json, "inputs");
  member(json, "outputs");
  graph.inputs = node_ids(json, "inputs", graph.program.size());
  graph.outputs = node_ids(json, "outputs", graph.program.size());
  if (graph.outputs.empty()) reject("a program has no outputs");
  for (NodeId input : graph.inputs)
    if (graph.program[input].op != &placeholder_op) reject("input ", input, " of a program is no placeholder");
  return graph;
}

std::vector<Graph> decode_header(const Json& header, std::span<const std::byte> bytes) {
  const std::vector<Array> arrays = decode_arrays(header, bytes);
  const Parameters parameters = decode_parameters(header, arrays);
  const OpsByName ops = ops_by_name();
  std::vector<Graph> graphs;
  for (const Json& program : list(header, "programs")) graphs.push_back(decode_graph(program, ops, arrays, parameters));
  if (graphs.empty()) reject("it holds no program");
  return graphs;
}

}  // namespace

std::vector<Graph> decode(std::string_view header, std::span<const std::byte> arrays) {
  try {
    return decode_header(Json::parse(header), arrays);
  } catch (const Json::exception& error) {
    reject("the header is no JSON: ", error.what());
  } catch (const ShapeError& error) {
    reject(error.what());
  }
}

}  // namespace xtape::detail
