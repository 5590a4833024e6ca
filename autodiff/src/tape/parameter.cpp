#include <xtape/parameter.hpp>

#include <utility>

#include "ops/errors.hpp"
#include "tape/state.hpp"

namespace xtape {

namespace {

const detail::ParameterState& checked(const std::shared_ptr<detail::ParameterState>& state) {
  if (!state) detail::fail<ValueError>("Parameter", "used after it was moved from");
  return *state;
}

std::shared_ptr<detail::ParameterState> make_state(std::string name, Array value) {
  if (!value.has_value()) detail::fail<ValueError>("Parameter", "\"", name, "\" was given an Array without a value");
  return std::make_shared<detail::ParameterState>(detail::ParameterState{std::move(name), std::move(value)});
}

}  // namespace

Parameter::Parameter(std::string name, Array value) : state_(make_state(std::move(name), std::move(value))) {}

Parameter::Parameter(const Parameter& other) : state_(make_state(other.name(), other.value())) {}

Parameter& Parameter::operator=(const Parameter& other) {
  if (this != &other) state_ = make_state(other.name(), other.value());
  return *this;
}

const std::string& Parameter::name() const { return checked(state_).name; }

const Array& Parameter::value() const { return checked(state_).value; }

std::uint64_t Parameter::version() const { return checked(state_).version; }

void Parameter::assign(const Array& value) {
  detail::check_assignable(*this, value.dtype(), value.shape(), "assign");
  if (!value.has_value()) detail::fail<ValueError>("assign", "\"", name(), "\" was given an Array without a value");
  state_->replace(value);
}

namespace detail {

void check_assignable(const Parameter& parameter, DType dtype, const Shape& shape, std::string_view op) {
  if (dtype != parameter.dtype())
    fail<DTypeError>(op, "Parameter \"", parameter.name(), "\" is ", parameter.dtype(), ", the value is ", dtype);
  if (shape != parameter.shape())
    fail<ShapeError>(op, "Parameter \"", parameter.name(), "\" is ", parameter.shape(), ", the value is ", shape);
}

}  // namespace detail

}  // namespace xtape
