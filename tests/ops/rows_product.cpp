// Rows of matrix products.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "ops/reference.hpp"
#include "ops/row.hpp"

namespace xtape::test {

namespace {

Var product(std::span<const Var> x) { return matmul(x[0], x[1]); }

Row::Part shapes(const Shape& a, const Shape& b) {
  return sample({real(a), real(b)}, product, [](std::span<const Tensor> x) { return matrix_product(x[0], x[1]); });
}

/// Operands that are themselves transposed, which the planner folds into the product.
Row::Part transposed(const Shape& a, const Shape& b, bool left, bool right) {
  const auto flip = [](const Tensor& x) {
    return gathered(x, {x.shape[1], x.shape[0]}, [](const Index& i) { return Index{i[1], i[0]}; });
  };
  return sample(
      {real(a), real(b)},
      [=](std::span<const Var> x) { return matmul(left ? transpose(x[0]) : x[0], right ? transpose(x[1]) : x[1]); },
      [=](std::span<const Tensor> x) { return matrix_product(left ? flip(x[0]) : x[0], right ? flip(x[1]) : x[1]); });
}

/// Sizes that go to BLAS.
Row::Part large(const Shape& a, const Shape& b) {
  return large_sample({real(a), real(b)}, product,
                      [](std::span<const Tensor> x) { return matrix_product(x[0], x[1]); });
}

using View = std::function<Var(const Var&)>;

/// The same on views of the operands; the interpreter judges.
Row::Part large_views(const Shape& a, const Shape& b, const View& left, const View& right) {
  return large_sample({real(a), real(b)}, [=](std::span<const Var> x) { return matmul(left(x[0]), right(x[1])); });
}

Row::Part large_on_views() {
  const View whole = [](const Var&x) { return x; }, turned = [](const Var&x) { return transpose(x); };
  const View backwards = [](const Var& x) { return slice(x, {Slice(Slice::kNone, Slice::kNone, -1)}); };
  const View every_second = [](const Var& x) { return slice(x, {Slice(), Slice(0, Slice::kNone, 2)}); };
  const View first_column = [](const Var& x) { return slice(x, {Slice(), Slice(0)}); };
  const View repeated = [](const Var& x) { return broadcast_to(x, {80}); };
  const View rows = [](const Var& x) { return broadcast_to(x, {50, 80}); };
  return [=](Row& row) {
    for (const Row::Part& part :
         {large_views({60, 70}, {60, 40}, turned, whole), large_views({70, 60}, {40, 60}, whole, turned),
          large_views({60, 70}, {40, 60}, turned, turned), large_views({70, 60}, {60, 40}, backwards, backwards),
          large_views({70, 120}, {60, 40}, every_second, whole), large_views({70, 60}, {60, 80}, whole, every_second),
          large_views({90, 80}, {80}, whole, backwards), large_views({80}, {80, 90}, backwards, whole),
          large_views({90, 80}, {1}, whole, repeated), large_views({1}, {80, 90}, repeated, whole),
          large_views({90, 80}, {80, 3}, whole, first_column), large_views({80, 90}, {80}, turned, whole),
          large_views({80}, {90, 80}, whole, turned), large_views({80}, {80, 70}, rows, whole)})
      part(row);
  };
}

using Vars = std::span<const Var>;
using Tensors = std::span<const Tensor>;

/// The sum that an explicit pattern of one letter for each axis says: a loop over all values of all letters.
Tensor sum_of_products(const std::string& pattern, Tensors x) {
  const std::string inputs = pattern.substr(0, pattern.find("->")), output = pattern.substr(pattern.find("->") + 2);
  std::map<char, std::int64_t> extents;
  std::size_t operand = 0, axis = 0;
  for (char c : inputs) {
    if (c == ',') ++operand, axis = 0;
    else extents[c] = std::max(extents.try_emplace(c, 0).first->second, x[operand].shape[axis++]);
  }
  std::string letters;
  std::vector<std::int64_t> all, kept;
  for (const auto& [letter, extent] : extents) letters += letter, all.push_back(extent);
  for (char c : output) kept.push_back(extents[c]);
  const Shape shape{std::span<const std::int64_t>(kept)};
  Tensor result{x[0].dtype, shape, std::vector<Real>(static_cast<std::size_t>(shape.size()))};
  Odometer position{Shape(std::span<const std::int64_t>(all))};
  for (std::int64_t i = 0; i < position.shape.size(); ++i, position.next()) {
    const auto index = [&](std::string_view labels, const Shape* broadcast) {
      Index at;
      for (char c : labels) at.push_back(broadcast && (*broadcast)[at.size()] == 1 ? 0 : position.at[letters.find(c)]);
      return at;
    };
    Real product = 1;
    std::string_view rest = inputs;
    for (const Tensor& factor : x) {
      product *= at(factor, index(rest.substr(0, rest.find(',')), &factor.shape));
      rest.remove_prefix(
          std::min(rest.size(), rest.find(',') == std::string_view::npos ? rest.size() : rest.find(',') + 1));
    }
    std::size_t place = 0;
    for (std::size_t k = 0; k < output.size(); ++k)
      place =
          place * static_cast<std::size_t>(kept[k]) + static_cast<std::size_t>(position.at[letters.find(output[k])]);
    result.elements[place] += product;
  }
  return result;
}

std::vector<Input> reals(const std::vector<Shape>& shapes) {
  std::vector<Input> inputs;
  for (const Shape& shape : shapes) inputs.push_back(real(shape));
  return inputs;
}

/// Subscripts, and the explicit pattern that they mean for these shapes.
Row::Part subscripts(const std::string& text, const std::string& meaning, const std::vector<Shape>& operands) {
  return sample(
      reals(operands), [=](Vars x) { return einsum(text, std::vector<Var>(x.begin(), x.end())); },
      [=](Tensors x) { return sum_of_products(meaning, x); });
}
Row::Part subscripts(const std::string& text, const std::vector<Shape>& operands) {
  return subscripts(text, text, operands);
}

Row::Part large_subscripts(const std::string& text, const std::vector<Shape>& operands) {
  return large_sample(reals(operands), [=](Vars x) { return einsum(text, std::vector<Var>(x.begin(), x.end())); });
}

Row::Part bad_subscripts(const std::string& text, const std::vector<Shape>& operands,
                         const std::vector<std::string>& parts) {
  std::vector<std::string> all{"einsum"};
  all.insert(all.end(), parts.begin(), parts.end());
  return fails<ValueError>(
      reals(operands), [=](Vars x) { return einsum(text, std::vector<Var>(x.begin(), x.end())); }, all);
}

/// A product of two, and the sum of products that it is; its result may have another shape than the sum.
template <class Product>
Row::Part means(const std::string& pattern, const Shape& a, const Shape& b, Product product,
                const Shape* shape = nullptr) {
  std::optional<Shape> wanted;
  if (shape != nullptr) wanted = *shape;
  return sample(
      {real(a), real(b)}, [=](Vars x) { return product(x[0], x[1]); },
      [=](Tensors x) {
        Tensor result = sum_of_products(pattern, x);
        if (wanted) result.shape = *wanted;
        return result;
      });
}

/// a and b seen as other shapes of the same elements.
template <class Product>
Row::Part means_reshaped(const std::string& pattern, const Shape& a, const Shape& b, Product product,
                         const Shape& a_seen, const Shape& b_seen, const Shape& result_seen) {
  return sample(
      {real(a), real(b)}, [=](Vars x) { return product(x[0], x[1]); },
      [=](Tensors x) {
        const Tensor seen[] = {{x[0].dtype, a_seen, x[0].elements}, {x[1].dtype, b_seen, x[1].elements}};
        Tensor result = sum_of_products(pattern, seen);
        result.shape = result_seen;
        return result;
      });
}

Var dot_of(const Var& a, const Var& b) { return xtape::dot(a, b); }
Var vdot_of(const Var& a, const Var& b) { return vdot(a, b); }
Var inner_of(const Var& a, const Var& b) { return inner(a, b); }
Var outer_of(const Var& a, const Var& b) { return outer(a, b); }
Var kron_of(const Var& a, const Var& b) { return kron(a, b); }

auto tensordot_of(int axes) {
  return [=](const Var& a, const Var& b) { return tensordot(a, b, axes); };
}
auto tensordot_of(const std::vector<int>& a_axes, const std::vector<int>& b_axes) {
  return [=](const Var& a, const Var& b) { return tensordot(a, b, a_axes, b_axes); };
}

/// Along the axis of each: the determinant rule, component by component.
Row::Part crossed(const Shape& a, const Shape& b, const Shape& result, int axis) {
  return sample(
      {real(a), real(b)}, [=](Vars x) { return cross(x[0], x[1], axis); },
      [=](Tensors x) {
        Tensor y{x[0].dtype, result, {}};
        const auto place = [&](const Shape& shape) {
          return static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(shape.rank()) : axis);
        };
        Odometer position(result);
        for (std::int64_t n = 0; n < result.size(); ++n, position.next()) {
          const std::int64_t i = position.at[place(result)];
          const auto element = [&](const Tensor& operand, std::int64_t component) {
            Index index;  // the other axes, aligned at the end
            Index others = position.at;
            others.erase(others.begin() + static_cast<std::ptrdiff_t>(place(result)));
            for (std::size_t k = 0, other = others.size() - (operand.shape.rank() - 1); k < operand.shape.rank(); ++k)
              index.push_back(k == place(operand.shape) ? component % 3
                              : operand.shape[k] == 1   ? (++other, 0)
                                                        : others[other++]);
            return at(operand, index);
          };
          y.elements.push_back(element(x[0], i + 1) * element(x[1], i + 2) -
                               element(x[0], i + 2) * element(x[1], i + 1));
        }
        return y;
      });
}

Row::Part mismatched(Build build, const Shape& a, const Shape& b, const std::vector<std::string>& parts) {
  return fails<ShapeError>({real(a), real(b)}, std::move(build), parts);
}

template <class Product>
Build build_of(Product product) {
  return [=](Vars x) { return product(x[0], x[1]); };
}

std::vector<Row> tensor_product_rows() {
  const Shape of_kron_of_vectors{6}, of_kron_of_ranks{3, 8};
  return {
      {"dot", means("i,i->", {5}, {5}, dot_of), means("i,i->", {0}, {0}, dot_of), means("i,i->", {1}, {1}, dot_of),
       means("ij,jk->ik", {3, 4}, {4, 2}, dot_of), means("ij,j->i", {3, 4}, {4}, dot_of),
       means("i,ij->j", {3}, {3, 4}, dot_of), means(",ij->ij", {}, {2, 3}, dot_of), means("i,->i", {3}, {}, dot_of),
       means("abc,dce->abde", {2, 3, 4}, {2, 4, 3}, dot_of),
       mismatched(build_of(dot_of), {2, 3}, {2, 3}, {"dot", "differ in extent", "[2, 3]"})},
      {"vdot", means("i,i->", {5}, {5}, vdot_of), means("ij,ij->", {2, 3}, {2, 3}, vdot_of),
       means_reshaped("i,i->", {2, 3}, {6}, vdot_of, {6}, {6}, {}), means(",->", {}, {}, vdot_of),
       mismatched(build_of(vdot_of), {2, 3}, {5}, {"vdot", "sizes differ", "[2, 3]", "[5]"})},
      {"inner", means("i,i->", {5}, {5}, inner_of), means("ai,bi->ab", {2, 4}, {3, 4}, inner_of),
       means("abi,i->ab", {2, 3, 4}, {4}, inner_of), means(",i->i", {}, {3}, inner_of),
       means("ai,bi->ab", {2, 0}, {3, 0}, inner_of),
       mismatched(build_of(inner_of), {2, 3}, {3, 2}, {"inner", "[2, 3]", "[3, 2]"})},
      {"outer", means("i,j->ij", {4}, {3}, outer_of), means("i,j->ij", {1}, {1}, outer_of),
       means("i,j->ij", {0}, {3}, outer_of), means_reshaped("i,j->ij", {2, 3}, {2}, outer_of, {6}, {2}, {6, 2})},
      {"tensordot", means("ai,ib->ab", {3, 4}, {4, 2}, tensordot_of(1)),
       means("aij,ijb->ab", {2, 3, 4}, {3, 4, 2}, tensordot_of(2)), means("a,b->ab", {3}, {4}, tensordot_of(0)),
       means("ij,ij->", {3, 4}, {3, 4}, tensordot_of(2)), means("ai,bi->ab", {2, 0}, {3, 0}, tensordot_of({1}, {-1})),
       means("iaj,bji->ab", {2, 3, 4}, {2, 4, 2}, tensordot_of({0, 2}, {-1, 1})),
       mismatched(build_of(tensordot_of(2)), {3, 4}, {4, 3}, {"tensordot", "axis 0 of a [3, 4]", "b [4, 3]"}),
       mismatched(build_of(tensordot_of(3)), {3, 4}, {4, 3}, {"tensordot", "no 3 axes", "[3, 4]"}),
       mismatched(build_of(tensordot_of(0)), {1, 1, 1, 1, 2}, {1, 1, 1, 2}, {"tensordot", "9 axes"}),
       mismatched(build_of(tensordot_of(-1)), {3, 4}, {4, 3}, {"tensordot", "-1", "[3, 4]"}),
       mismatched(build_of(tensordot_of({0, 0}, {0, 1})), {3, 4}, {3, 3}, {"tensordot", "given twice"}),
       mismatched(build_of(tensordot_of({0}, {0, 1})), {3, 4}, {3, 3}, {"tensordot", "make no pairs"}),
       mismatched(build_of(tensordot_of({2}, {0})), {3, 4}, {3, 3}, {"tensordot", "axis 2"})},
      {"kron", means("i,j->ij", {2}, {3}, kron_of, &of_kron_of_vectors),
       means_reshaped("ij,kl->ikjl", {2, 3}, {3, 2}, kron_of, {2, 3}, {3, 2}, {6, 6}),
       means_reshaped("i,jk->jik", {2}, {3, 4}, kron_of, {2}, {3, 4}, of_kron_of_ranks), means(",->", {}, {}, kron_of),
       means_reshaped("abc,def->adbecf", {2, 2, 1}, {1, 3, 2}, kron_of, {2, 2, 1}, {1, 3, 2}, {2, 6, 2}),
       means_reshaped("ij,kl->ikjl", {0, 2}, {3, 2}, kron_of, {0, 2}, {3, 2}, {0, 4}),
       means_reshaped("a,b->ba", {1, 1, 1, 2, 1, 1}, {1, 3, 1, 1, 1, 1}, kron_of, {2}, {3}, {1, 3, 1, 2, 1, 1}),
       mismatched(build_of(kron_of), {2, 2, 2, 2, 2}, {2, 2, 2, 2}, {"kron", "9 axes", "[2, 2, 2, 2, 2]"})},
      {"cross", crossed({3}, {3}, {3}, -1), crossed({4, 3}, {4, 3}, {4, 3}, -1),
       crossed({2, 4, 3}, {4, 3}, {2, 4, 3}, -1), crossed({3, 4}, {3, 4}, {3, 4}, 0),
       crossed({2, 3, 1}, {3, 5}, {2, 3, 5}, -2), crossed({0, 3}, {0, 3}, {0, 3}, 1),
       mismatched([](Vars x) { return cross(x[0], x[1]); }, {2, 3}, {3, 2}, {"cross", "extent 3", "[2, 3]", "[3, 2]"}),
       mismatched([](Vars x) { return cross(x[0], x[1]); }, {}, {3}, {"cross", "scalar", "[]"})},
  };
}

Row::Part all_of(const std::vector<Row::Part>& parts) {
  return [=](Row& row) {
    for (const Row::Part& part : parts) part(row);
  };
}

Row::Part patterns_without_ellipsis() {
  return all_of({subscripts("ij,jk->ik", {{3, 3}, {3, 3}}),
                 subscripts("ij,jk->ik", {{3, 4}, {4, 2}}),
                 subscripts("ij,jk->ki", {{3, 4}, {4, 2}}),
                 subscripts("ij,jk", "ij,jk->ik", {{3, 4}, {4, 2}}),
                 subscripts("ba,bc", "ba,bc->ac", {{3, 4}, {3, 2}}),
                 subscripts(" i j , j k -> i k ", "ij,jk->ik", {{3, 4}, {4, 2}}),
                 subscripts("ij->ji", {{3, 4}}),
                 subscripts("ba", "ba->ab", {{3, 4}}),
                 subscripts("Ab", "Ab->Ab", {{3, 4}}),
                 subscripts("ij->", {{3, 4}}),
                 subscripts("ij->j", {{3, 4}}),
                 subscripts("ii->i", {{4, 4}}),
                 subscripts("ii", "ii->", {{4, 4}}),
                 subscripts("ijij->ji", {{2, 3, 2, 3}}),
                 subscripts("iji->j", {{3, 2, 3}}),
                 subscripts("iii->i", {{3, 3, 3}}),
                 subscripts("ii->i", {{0, 0}}),
                 subscripts("ii->", {{1, 1}}),
                 subscripts(",->", {{}, {}}),
                 subscripts(",ij->ji", {{}, {2, 3}}),
                 subscripts("i,i->", {{5}, {5}}),
                 subscripts("i,i->i", {{5}, {5}}),
                 subscripts("i,j->ij", {{3}, {2}}),
                 subscripts("i,j->", {{3}, {2}}),
                 subscripts("bij,bjk->bik", {{2, 3, 4}, {2, 4, 2}}),
                 subscripts("bij,bkj->ikb", {{2, 3, 4}, {2, 5, 4}}),
                 subscripts("bi,bi->b", {{3, 4}, {3, 4}}),
                 subscripts("bhqd,bhkd->bhqk", {{2, 2, 3, 4}, {2, 2, 2, 4}}),
                 subscripts("abcd,cdef->abef", {{2, 1, 2, 3}, {2, 3, 1, 2}}),
                 subscripts("ij,jk,kl->il", {{2, 5}, {5, 3}, {3, 4}}),
                 subscripts("i,ij,j->", {{3}, {3, 4}, {4}}),
                 subscripts("ai,bi,ci->abc", {{2, 3}, {3, 3}, {2, 3}}),
                 subscripts("ij,kj,lj,mj->iklm", {{2, 3}, {2, 3}, {2, 3}, {2, 3}}),
                 subscripts("a,ab,bc,cd,de,ef,f->", {{2}, {2, 2}, {2, 3}, {3, 2}, {2, 2}, {2, 2}, {2}}),
                 subscripts("iij,jk->ik", {{3, 3, 2}, {2, 4}}),
                 subscripts("ij,j->i", {{2, 0}, {0}}),
                 subscripts("ij,jk->ik", {{0, 2}, {2, 3}}),
                 subscripts("ij,jk->ik", {{2, 1}, {3, 4}}),
                 subscripts("ij,ij->ij", {{2, 1}, {2, 4}}),
                 subscripts("ii->i", {{1, 3}})});
}

Row::Part patterns_with_ellipsis() {
  return all_of({subscripts("...ij,...jk->...ik", "abij,bjk->abik", {{2, 3, 2, 2}, {3, 2, 4}}),
                 subscripts("...ij,...jk", "bij,bjk->bik", {{3, 2, 2}, {3, 2, 4}}),
                 subscripts("i...->...", "iab->ab", {{2, 3, 4}}), subscripts("...i->i...", "abi->iab", {{2, 3, 4}}),
                 subscripts("...,...", "ab,b->ab", {{2, 3}, {3}}),
                 subscripts("...i,...i->...", "abi,bi->ab", {{2, 1, 4}, {3, 4}}),
                 subscripts("...ii->...i", "aii->ai", {{2, 3, 3}}), subscripts("i...j->ji", "ij->ji", {{2, 3}})});
}

Row::Part patterns_that_fail() {
  return all_of(
      {bad_subscripts("ij,jk->ik", {{2, 3}}, {"2 operands", "there are 1"}),
       bad_subscripts("ij->i", {{2, 3, 4}}, {"2 labels", "3 axes", "operand 0"}),
       bad_subscripts("...ijk->i", {{2, 3}}, {"3 labels", "2 axes"}),
       bad_subscripts("ij->ik", {{2, 3}}, {"output label k", "no operand"}),
       bad_subscripts("ij->ii", {{2, 3}}, {"output label i twice"}), bad_subscripts("i1->i", {{2, 3}}, {"'1'"}),
       bad_subscripts("i..->i", {{2, 3}}, {"'.'"}), bad_subscripts("...i...->i", {{2, 3}}, {"'.'"}),
       bad_subscripts("i->j->k", {{2}}, {"'-'"}),
       bad_subscripts("...i->i", {{2, 3}}, {"ellipsis for 1 axes", "none in its output"}),
       fails<ShapeError>(reals({{2, 3}, {4, 5}}),
                         [](Vars x) {
                           return einsum("ij,jk->ik", {x[0], x[1]});
                         },
                         {"einsum", "label j", "axis 0 of [4, 5]", "extent 3"}),
       fails<ShapeError>(reals({{2, 3}, {4, 3}}),
                         [](Vars x) {
                           return einsum("...i,...i", {x[0], x[1]});
                         },
                         {"einsum", "ellipsis", "axis 0 of [4, 3]", "extent 2"}),
       fails<ShapeError>({real({1})},
                         [](Vars x) { return einsum("a,b,c,d,e,f,g,h,i->abcdefghi", std::vector<Var>(9, x[0])); },
                         {"einsum", "an output of 9 axes"}),
       fails<ValueError>({real({2})}, [](Vars) { return einsum("i->i", std::vector<Var>{}); },
                         {"einsum", "no operands"}),
       fails<DTypeError>({integer({2, 2}, 0, 3)}, [](Vars x) { return einsum("ij->ji", {x[0]}); },
                         {"einsum", "int64"})});
}

Row einsum_row() {
  return {"einsum",
          patterns_without_ellipsis(),
          patterns_with_ellipsis(),
          patterns_that_fail(),
          large_subscripts("ij,jk->ik", {{70, 60}, {60, 50}}),
          large_subscripts("bij,bkj->bik", {{3, 40, 30}, {3, 20, 30}})};
}

}  // namespace

std::vector<Row> product_rows() {
  std::vector<Row> rows = tensor_product_rows();
  rows.push_back(einsum_row());
  rows.push_back({"matmul",
                  shapes({3, 4}, {4, 2}),
                  shapes({3, 4}, {4}),
                  shapes({4}, {4, 3}),
                  shapes({4}, {4}),
                  shapes({1, 1}, {1, 1}),
                  shapes({2, 3, 4}, {4, 2}),
                  shapes({3, 4}, {2, 4, 2}),
                  shapes({2, 3, 4}, {2, 4, 2}),
                  shapes({2, 1, 3, 2}, {3, 2, 2}),
                  shapes({2, 3, 4}, {4}),
                  shapes({4}, {2, 4, 3}),
                  shapes({2, 0}, {0, 3}),
                  shapes({0, 2}, {2, 3}),
                  shapes({2, 3}, {3, 0}),
                  shapes({0, 2, 3}, {3, 2}),
                  shapes({0}, {0}),
                  shapes({17, 9}, {9, 11}),
                  transposed({4, 3}, {4, 2}, true, false),
                  transposed({3, 4}, {2, 4}, false, true),
                  transposed({4, 3}, {2, 4}, true, true),
                  large({70, 60}, {60, 50}),
                  large({90, 80}, {80}),
                  large({80}, {80, 90}),
                  large({300, 20}, {20, 30}),
                  large({20, 30}, {30, 400}),
                  large({3, 40, 30}, {30, 20}),
                  large({3, 40, 30}, {3, 30, 20}),
                  large({2, 1, 20, 30}, {3, 30, 20}),
                  large({5000}, {5000}),
                  large_on_views(),
                  sample(
                      {real({3, 3})}, [](std::span<const Var> x) { return matmul(x[0], x[0]); },
                      [](std::span<const Tensor> x) { return matrix_product(x[0], x[0]); }),
                  fails<ShapeError>({real({3, 4}), real({5, 6})}, product,
                                    {"matmul", "inner dimensions differ", "[3, 4]", "[5, 6]"}),
                  fails<ShapeError>({real({2, 3, 4}), real({3, 4, 2})}, product, {"matmul", "[2, 3, 4]", "[3, 4, 2]"}),
                  fails<ShapeError>({real({}), real({3})}, product, {"matmul", "[]", "[3]"}),
                  fails<DTypeError>({real({2, 2}), integer({2, 2}, 0, 3)}, product, {"matmul", "float64", "int64"}),
                  fails<DTypeError>({integer({2, 2}, 0, 3), integer({2, 2}, 0, 3)}, product, {"matmul", "int64"})});
  return rows;
}

}  // namespace xtape::test
