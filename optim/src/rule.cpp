#include <xtape/optim/rule.hpp>

#include <xtape/optim/fail.hpp>

namespace xtape::optim {

Var& State::operator[](std::string_view slot) {
  if (tape_ == nullptr) detail::fail<ValueError>("State: slot '", slot, "' is used outside of an Optimizer's step");
  auto found = slots_.begin();
  while (found != slots_.end() && found->name != slot) ++found;
  if (found == slots_.end()) {
    std::string name(slot);
    Parameter zeros(parameter_->name() + "." + name, Array::zeros(parameter_->shape(), parameter_->dtype()));
    found = slots_.insert(slots_.end(), Slot{std::move(name), std::move(zeros), Var(), false});
  }
  if (!found->used) {
    found->value = tape_->read(found->parameter);
    found->used = true;
  }
  return found->value;
}

std::vector<const Parameter*> State::slots() const {
  std::vector<const Parameter*> result;
  for (const Slot& slot : slots_) result.push_back(&slot.parameter);
  return result;
}

void State::begin(Tape& tape, std::int64_t step) {
  tape_ = &tape;
  step_ = step;
  gradient_norm_ = Var();
  for (Slot& slot : slots_) slot.used = false;
}

void State::propose(std::vector<Assignment>& assignments) {
  for (Slot& slot : slots_)
    if (slot.used) assignments.push_back({slot.parameter, slot.value});
}

void UpdateRule::check_callable() const {
  if (!update_) detail::fail<ValueError>("UpdateRule: the rule is an empty function");
}

}  // namespace xtape::optim
