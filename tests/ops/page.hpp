// The page docs/ops.md: every op with its signature, what its header says of it, and the derivative that its rule
// records. It is made from the headers and from the rows that the tests use.
#pragma once

#include <string>
#include <vector>

#include "ops/row.hpp"

namespace xtape::test {

/// A function of the catalogue as its header declares it.
struct Declaration {
  std::string name;
  std::string signature;  ///< "clip(x, low, high)"
  std::string comment;    ///< the text beside or above it
  std::string alias;      ///< the call that it stands for: "power(a, b)"
  std::string heading;    ///< of the part of the header that begins here
};

/// A header of the catalogue: what it is for, its functions, and the types that they take and return.
struct Family {
  std::string file;
  std::string purpose;
  std::vector<Declaration> declarations;
  std::string types;
};

/// The headers that <xtape/ops.hpp> includes, in its order.
std::vector<Family> catalogue();

/// The value and the cotangents of a row's inputs in terms of x (or a, b, c), y and the cotangent h, in ordinary ops;
/// empty where there is none or the text would be too long to read.
struct Formulas {
  std::string value;
  std::vector<std::string> cotangents;
};
Formulas formulas_of(const std::string& op);

/// The row of this name; null if there is none.
const Row* find_row(const std::string& op);

/// The worst error of an elementwise row in this dtype over the points of accuracy_test.cpp, in ulp, less the condition
/// number where its bound grows by that.
double measured_ulps(const Row& row, DType dtype);

/// The whole page; without the measured errors, which differ between instruction sets, unless they are wanted.
std::string ops_page(bool measured);
/// A page less its measured errors.
std::string without_errors(const std::string& page);

}  // namespace xtape::test
