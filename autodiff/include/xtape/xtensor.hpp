// xtensor in and out: expressions become Arrays, or operands of any op, and Arrays are seen as xtensor views. All of it
// are templates that the application compiles; the library itself knows nothing of xtensor.
//
//     xt::xarray<double> x = ...;
//     xtape::Var y = w * x;                             // a snapshot of x
//     xtape::Var u = tape.variable(xtape::to_array(x)); // a copy
//     xtape::Var v = tape.variable(xtape::borrow(x));   // no copy: x must live and stay as it is
//     xt::xarray<double> z = xtape::view<double>(array);
//
// Element types other than float, double, bool and std::int64_t become int64 if they are integers. Named functions
// with the names of xtensor's (maximum, where, ...) need their namespace when an argument is an xtensor expression.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xtape/array.hpp>
#include <xtape/detail/xtensor_headers.hpp>
#include <xtape/error.hpp>
#include <xtape/operand.hpp>
#include <xtape/ops.hpp>

namespace xtape {

template <class T>
concept XtensorExpression = xt::is_xexpression<std::remove_cvref_t<T>>::value;

namespace detail {

/// Containers and adaptors, whose elements lie in memory.
template <class T>
concept XtensorContainer = std::is_base_of_v<xt::xcontainer<std::remove_cvref_t<T>>, std::remove_cvref_t<T>>;

template <class T>
inline constexpr bool kOwnsElements = false;
template <class Elements, xt::layout_type Layout, class Extents, class Tag>
inline constexpr bool kOwnsElements<xt::xarray_container<Elements, Layout, Extents, Tag>> = true;
template <class Elements, std::size_t Rank, xt::layout_type Layout, class Tag>
inline constexpr bool kOwnsElements<xt::xtensor_container<Elements, Rank, Layout, Tag>> = true;

/// The element type of the Array that an expression of T becomes.
template <class T>
struct ElementOf {
  static_assert(std::is_integral_v<T>, "xtape takes float, double, bool and integers");
  using Type = std::int64_t;
};
template <Element T>
struct ElementOf<T> {
  using Type = T;
};
template <class E>
using XtensorElement = typename ElementOf<std::remove_cv_t<typename std::remove_cvref_t<E>::value_type>>::Type;

template <class E>
inline constexpr bool kSameElement =
    std::is_same_v<XtensorElement<E>, std::remove_cv_t<typename std::remove_cvref_t<E>::value_type>>;

template <class E>
Shape shape_of(const E& expression) {
  Shape shape;
  for (auto extent : expression.shape()) shape.push_back(static_cast<std::int64_t>(extent));
  return shape;
}

template <class E>
bool is_row_major(const E& container) {
  return container.layout() == xt::layout_type::row_major || container.dimension() == 0;
}

template <class E>
Array evaluated(const E& expression) {
  using T = XtensorElement<E>;
  const auto elements = std::make_unique<T[]>(expression.size());
  std::transform(expression.template begin<xt::layout_type::row_major>(),
                 expression.template end<xt::layout_type::row_major>(), elements.get(), [](const auto& element) {
                   if constexpr (std::is_same_v<T, std::int64_t>) return to_int64(element);
                   else return static_cast<T>(element);
                 });
  return Array::copy(elements.get(), shape_of(expression));
}

}  // namespace detail

/// The elements of an expression, copied; of a row-major xt::xarray or xt::xtensor that is an rvalue, moved in.
template <XtensorExpression E>
Array to_array(E&& expression) {
  using Expression = std::remove_cvref_t<E>;
  if constexpr (detail::XtensorContainer<E> && detail::kSameElement<E>) {
    if (detail::is_row_major(expression)) {
      const Shape shape = detail::shape_of(expression);
      if constexpr (detail::kOwnsElements<Expression> && !std::is_lvalue_reference_v<E> && !std::is_const_v<E>) {
        auto owner = std::make_shared<Expression>(std::move(expression));
        return Array::adopt(owner->data(), dtype_of<detail::XtensorElement<E>>, shape, owner);
      } else {
        return Array::copy(expression.data(), shape);
      }
    }
  }
  return detail::evaluated(expression);
}

/// Refers to the elements of a row-major container, which the caller keeps alive and unchanged for as long as the Array
/// or a tape that has recorded it is in use. Throws ValueError for another layout.
template <class Container>
requires detail::XtensorContainer<Container> && detail::kSameElement<Container> Array
borrow(const Container& container) {
  if (!detail::is_row_major(container)) throw ValueError("borrow: the container is not row-major");
  return Array::borrow(container.data(), detail::shape_of(container));
}
template <class Container>
requires detail::XtensorContainer<Container> Array borrow(const Container&& container)
= delete;  // it is about to die

/// An xtensor view of the elements, of any rank; the Array must outlive it. Throws DTypeError if T is not their type.
template <Element T>
auto view(const Array& array) {
  const std::vector<std::size_t> shape(array.shape().begin(), array.shape().end());
  return xt::adapt(array.data<T>(), static_cast<std::size_t>(array.size()), xt::no_ownership(), shape);
}
/// The same with the rank known to the compiler, which is faster. Throws ShapeError if the rank is another.
template <Element T, std::size_t Rank>
auto view(const Array& array) {
  if (array.rank() != Rank)
    throw ShapeError("view: asked for " + std::to_string(Rank) + " axes, the shape is " + to_string(array.shape()));
  std::array<std::size_t, Rank> shape;
  std::copy(array.shape().begin(), array.shape().end(), shape.begin());
  return xt::adapt(array.data<T>(), static_cast<std::size_t>(array.size()), xt::no_ownership(), shape);
}
template <Element T>
auto view(const Array&& array) = delete;  // it is about to die
template <Element T, std::size_t Rank>
auto view(const Array&& array) = delete;

/// Makes xtensor expressions operands of all ops.
template <XtensorExpression E>
struct ArrayConversion<E> {
  static Array convert(const E& expression) { return to_array(expression); }
};

namespace detail {

template <class T>
concept IsVar = std::is_same_v<std::remove_cvref_t<T>, Var>;

/// What xtensor's own operators would take, too. They match any argument exactly, so ours have the same parameters and
/// win by being constrained.
template <class A, class B>
concept VarAndXtensor = (IsVar<A> && XtensorExpression<B>) || (XtensorExpression<A> && IsVar<B>);

/// Operators can't ask for their caller's line.
inline constexpr const char* kXtensorOperator = "(operator with an xtensor expression)";

template <class T>
Operand operand_of(T&& value) {
  if constexpr (IsVar<T>) return Operand(value, kXtensorOperator, 0);
  else return Operand(to_array(std::forward<T>(value)), kXtensorOperator, 0);
}

}  // namespace detail

template <class A, class B>
requires detail::VarAndXtensor<A, B> Var operator+(A&& a, B&& b) {
  return add(detail::operand_of(std::forward<A>(a)), detail::operand_of(std::forward<B>(b)));
}
template <class A, class B>
requires detail::VarAndXtensor<A, B> Var operator-(A&& a, B&& b) {
  return subtract(detail::operand_of(std::forward<A>(a)), detail::operand_of(std::forward<B>(b)));
}
template <class A, class B>
requires detail::VarAndXtensor<A, B> Var operator*(A&& a, B&& b) {
  return multiply(detail::operand_of(std::forward<A>(a)), detail::operand_of(std::forward<B>(b)));
}
template <class A, class B>
requires detail::VarAndXtensor<A, B> Var operator/(A&& a, B&& b) {
  return divide(detail::operand_of(std::forward<A>(a)), detail::operand_of(std::forward<B>(b)));
}
template <class A, class B>
requires detail::VarAndXtensor<A, B> Var operator==(A&& a, B&& b) {
  return equal(detail::operand_of(std::forward<A>(a)), detail::operand_of(std::forward<B>(b)));
}
template <class A, class B>
requires detail::VarAndXtensor<A, B> Var operator!=(A&& a, B&& b) {
  return not_equal(detail::operand_of(std::forward<A>(a)), detail::operand_of(std::forward<B>(b)));
}
template <class A, class B>
requires detail::VarAndXtensor<A, B> Var operator<(A&& a, B&& b) {
  return less(detail::operand_of(std::forward<A>(a)), detail::operand_of(std::forward<B>(b)));
}
template <class A, class B>
requires detail::VarAndXtensor<A, B> Var operator<=(A&& a, B&& b) {
  return less_equal(detail::operand_of(std::forward<A>(a)), detail::operand_of(std::forward<B>(b)));
}
template <class A, class B>
requires detail::VarAndXtensor<A, B> Var operator>(A&& a, B&& b) {
  return greater(detail::operand_of(std::forward<A>(a)), detail::operand_of(std::forward<B>(b)));
}
template <class A, class B>
requires detail::VarAndXtensor<A, B> Var operator>=(A&& a, B&& b) {
  return greater_equal(detail::operand_of(std::forward<A>(a)), detail::operand_of(std::forward<B>(b)));
}

}  // namespace xtape
