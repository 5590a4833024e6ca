// Rows of the draws on a tape. engine/random_test.cpp looks at the numbers themselves.
#include "ops/row.hpp"
#include "support/philox.hpp"

namespace xtape::test {

namespace {

using Vars = std::span<const Var>;
using Tensors = std::span<const Tensor>;

constexpr std::uint64_t kSeed = 77, kStream = 5;

/// Elements made of the words of the key above, in the shape of the first input.
template <class Element>
Reference drawn(DType dtype, const Element& element) {
  return [=](Tensors x) {
    Tensor result{dtype == DType::boolean ? dtype : x[0].dtype, x[0].shape, x[0].elements};
    for (std::size_t i = 0; i < result.elements.size(); ++i)
      result.elements[i] = element(random_word(kSeed, kStream, i), x, i);
    return result;
  };
}

Real uniform_of(std::uint64_t word, Tensors x, std::size_t) { return uniform_element(word, x[0].dtype); }
Real normal_of(std::uint64_t word, Tensors, std::size_t) { return normal_element(word); }
Real below_p(std::uint64_t word, Tensors x, std::size_t i) {
  return uniform_element(word, x[0].dtype) < x[0].elements[i];
}
Real dropped_out(std::uint64_t word, Tensors x, std::size_t i) {
  return uniform_element(word, x[0].dtype) < 0.25L ? 0 : x[0].elements[i] / 0.75L;
}

Build with_key(Binary op) {
  return [op](Vars x) { return op(x[0], Key{kSeed, kStream}); };
}
Var dropped_quarter(Vars x) { return dropout(x[0], 0.25, Key{kSeed, kStream}); }

/// A draw of any shape by a Key, by a Var, and what is no key.
Row::Part draws(Binary op, const Reference& reference) {
  return [=](Row& row) {
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{7}, Shape{3, 4}})
      row.samples.push_back({{real(shape, 0, 1)}, with_key(op), reference});
    const Build build = [op](Vars x) { return op(x[0], x[1]); };
    row.samples.push_back({{real({3}, 0, 1), integer({2}, -9, 9)}, build, nullptr});
    row.failures.push_back({{real({3}), real({2})}, build, &is_a<DTypeError>, {row.name, "key", "float64"}});
    row.failures.push_back({{real({3}), integer({3}, 0, 1)}, build, &is_a<ShapeError>, {row.name, "key", "[3]"}});
    row.failures.push_back({{integer({3}, 0, 1), integer({2}, 0, 1)}, build, &is_a<DTypeError>, {row.name, "int64"}});
  };
}

}  // namespace

std::vector<Row> random_rows() {
  return {
      {"uniform_like", draws(uniform_like, drawn(DType::float64, uniform_of))},
      {"normal_like", draws(normal_like, drawn(DType::float64, normal_of))},
      {"bernoulli", draws(static_cast<Binary>(bernoulli), drawn(DType::boolean, below_p))},
      {"dropout", sample({real({})}, dropped_quarter, drawn(DType::float64, dropped_out)),
       sample({real({0})}, dropped_quarter, drawn(DType::float64, dropped_out)),
       sample({real({5, 8})}, dropped_quarter, drawn(DType::float64, dropped_out)),
       sample({real({9}), integer({2}, -9, 9)}, [](Vars x) { return square(dropout(x[0], 0.5, x[1])); }),
       sample({real({9}), real({}, 0.2L, 0.6L)},
              [](Vars x) {
                return dropout(x[0], x[1], Key{kSeed, kStream});
              }),
       sample(
           {real({6})}, [](Vars x) { return dropout(x[0], 0.5, Key{}, false); }, [](Tensors x) { return x[0]; }),
       sample(
           {real({6})}, [](Vars x) { return dropout(x[0], 0, Key{}); }, [](Tensors x) { return x[0]; }),
       sample(
           {real({6})}, [](Vars x) { return dropout(x[0], 1, Key{}); },
           [](Tensors x) { return broadcast_apply([](const Real*) { return Real{0}; }, x); }),
       fails<ValueError>({real({3})}, [](Vars x) { return dropout(x[0], 1.5, Key{}); }, {"dropout", "[0, 1]", "1.5"}),
       fails<ShapeError>({real({3}), real({3})}, [](Vars x) { return dropout(x[0], x[1], Key{}); },
                         {"dropout", "scalar", "[3]"}),
       fails<DTypeError>({integer({3}, 0, 1)}, [](Vars x) { return dropout(x[0], 0.5, Key{}); }, {"dropout", "int64"}),
       fails<ShapeError>({real({3}), integer({3}, 0, 1)}, [](Vars x) { return dropout(x[0], 0.5, x[1]); },
                         {"dropout", "key", "[3]"})},
  };
}

}  // namespace xtape::test
