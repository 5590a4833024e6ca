#include "execute/small_steps.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "execute/sink.hpp"
#include "execute/strided.hpp"
#include "kernels/dispatch.hpp"

namespace xtape::detail {

namespace {

constexpr std::int64_t kMostStaged = 64;   ///< elements, where streams end within a vector and are copied first
constexpr std::int64_t kMostDirect = 256;  ///< where they do not
constexpr std::size_t kMostStage = std::size_t{32} << 10;
constexpr std::size_t kScalar = 64;

bool is_direct(const Loop& loop) { return loop.space.size() % static_cast<std::int64_t>(kPadding) == 0; }

/// Bytes of a block of the widest elements.
std::size_t register_bytes(const Loop& loop) {
  return (static_cast<std::size_t>(loop.space.size()) + kPadding - 1) / kPadding * kPadding * 8;
}

template <class T>
void fill(std::byte* to, const std::byte* from) {
  T element;
  std::memcpy(&element, from, sizeof element);
  std::fill_n(reinterpret_cast<T*>(to), kScalar / sizeof element, element);
}

/// Calls `function` with an unsigned integer of an element's size.
template <class Function>
void with_word(std::size_t bytes, Function function) {
  if (bytes == 8) function(std::uint64_t{});
  else if (bytes == 4) function(std::uint32_t{});
  else function(std::uint8_t{});
}

}  // namespace

// ---- Loops

bool SmallLoop::fits(const Loop& loop) {
  const std::int64_t elements = loop.space.size();
  if (elements == 0 || elements > (is_direct(loop) ? kMostDirect : kMostStaged) || loop.chunking.count() != 1 ||
      loop.columns > 0)
    return false;
  return stage_bytes(loop) <= kMostStage && std::ranges::all_of(loop.sinks, [](const Loop::Sink& sink) {
           return sink.rows != nullptr || sink.shape.inner == 1;
         });
}

std::size_t SmallLoop::stage_bytes(const Loop& loop) {
  std::size_t rows = 0;  // one sum after the other
  for (const Loop::Sink& sink : loop.sinks)
    if (sink.rows != nullptr) rows = std::max(rows, SinkState::leaf_bytes(sink));
  const std::size_t blocks = loop.registers + (is_direct(loop) ? 0 : loop.streams.size());
  return blocks * register_bytes(loop) + loop.scalars.size() * kScalar + rows;
}

SmallLoop::SmallLoop(const Loop& loop, std::byte* stage)
    : loop_(&loop), elements_(static_cast<std::size_t>(loop.space.size())), rest_(stage), slots_(loop.slots) {
  place_slots();
  find_gathers();
  order_actions();
}

std::byte* SmallLoop::take(std::size_t bytes) { return std::exchange(rest_, rest_ + bytes); }

void SmallLoop::place_slots() {
  for (std::uint32_t i = 0; i < loop_->registers; ++i) slots_[i] = {take(register_bytes(*loop_)), 1};
  for (const Loop::Stream& stream : loop_->streams) place_stream(stream);
  for (const Loop::Scalar& scalar : loop_->scalars) {
    slots_[scalar.slot] = {take(kScalar), 0};
    scalars_.push_back(
        {scalar.value, static_cast<std::size_t>(scalar.offset) * scalar.bytes, scalar.bytes, slots_[scalar.slot].data});
  }
}

void SmallLoop::place_stream(const Loop::Stream& stream) {
  const std::size_t offset = static_cast<std::size_t>(stream.offset) * stream.bytes;
  if (is_direct(*loop_)) {
    slots_[stream.slot].step = 1;
    return direct_.push_back({stream.value, offset, stream.slot});
  }
  slots_[stream.slot] = {take(register_bytes(*loop_)), 1};
  (stream.written ? writes_ : reads_)
      .push_back({stream.value, offset, elements_ * stream.bytes, slots_[stream.slot].data});
}

void SmallLoop::find_gathers() {
  for (const Loop::Load& load : loop_->loads) {
    const View& view = load.access.view;
    std::int64_t position[Shape::kMaxRank] = {};
    for (std::size_t i = 0; i < elements_; ++i) {
      std::int64_t place = view.offset;
      for (std::size_t axis = 0; axis < loop_->space.rank(); ++axis) place += position[axis] * view.strides[axis];
      gathers_.push_back(place);
      for (std::size_t axis = loop_->space.rank(); axis-- > 0;) {
        if (++position[axis] < loop_->space[axis]) break;
        position[axis] = 0;
      }
    }
  }
}

void SmallLoop::order_actions() {
  using Kind = Action::Kind;
  const auto end = static_cast<std::uint32_t>(loop_->code.size());
  std::uint32_t load = 0, sink = 0;
  for (std::uint32_t next = 0; next <= end; ++next) {
    for (; load < loop_->loads.size() && loop_->loads[load].before == next; ++load)
      actions_.push_back({Kind::load, load});
    for (; sink < loop_->sinks.size() && loop_->sinks[sink].before == next; ++sink)
      actions_.push_back({Kind::sink, sink});
    if (next < end) actions_.push_back({Kind::instruction, next});
  }
}

void SmallLoop::run(Bases bases) {
  for (const Direct& stream : direct_) slots_[stream.slot].data = bases[stream.value] + stream.offset;
  for (const Copy& read : reads_) std::memcpy(read.stage, bases[read.value] + read.offset, read.bytes);
  for (const Splat& scalar : scalars_)
    with_word(scalar.bytes,
              [&](auto word) { fill<decltype(word)>(scalar.copies, bases[scalar.value] + scalar.offset); });
  for (const Action action : actions_) run(action, bases);
  for (const Copy& write : writes_) std::memcpy(bases[write.value] + write.offset, write.stage, write.bytes);
}

void SmallLoop::run(Action action, Bases bases) {
  switch (action.kind) {
    case Action::Kind::instruction: {
      const Instruction& instruction = loop_->code[action.index];
      return instruction.kernel(instruction, slots_.data(), elements_);
    }
    case Action::Kind::load: {
      const Loop::Load& load = loop_->loads[action.index];
      std::byte* to = slots_[load.slot].data;
      if (load.matrix.value != kNoNode) return load_rows(to, load, bases, 0, elements_);
      return load_taken(to, bases[load.access.base], gathers_.data() + action.index * elements_, size_of(load.dtype),
                        elements_);
    }
    case Action::Kind::sink:
      return run_sink(action.index, bases);
  }
}

void SmallLoop::run_sink(std::uint32_t index, Bases bases) {
  const Loop::Sink& sink = loop_->sinks[index];
  const std::byte* x = slots_[sink.slot].data;
  if (sink.rows != nullptr) return sum_rows(sink, x, bases);
  segment_.length = sink.shape.reduced;
  segment_.output = bases[sink.value];
  sink.kernel->begin(segment_);
  sink.kernel->feed(segment_, x, elements_);
}

/// In the order of SinkState.
void SmallLoop::sum_rows(const Loop::Sink& sink, const std::byte* s, Bases bases) const {
  std::byte* total = bases[sink.value];
  std::memset(total, 0, static_cast<std::size_t>(sink.shape.inner) * size_of(sink.dtype));
  std::memset(rest_, 0, SinkState::leaf_bytes(sink));
  const auto rows = static_cast<std::int64_t>(elements_);
  for (std::int64_t row = 0; row < rows; row += SinkState::kLeafRows) {
    const std::int64_t piece = std::min(SinkState::kLeafRows, rows - row);
    sink.rows->add(rows_read(sink.matrix, sink.dtype, bases, row),
                   s + static_cast<std::size_t>(row) * size_of(sink.dtype), piece, rest_);
    sink.rows->flush(rest_, sink.shape.inner, total);
  }
}

// ---- Products

bool SmallProduct::fits(const MatmulStep& step) {
  return step.batch.size() == 1 && step.m * step.n > 0 && step.k > 0 && is_small_product(step.m, step.n, step.k);
}

SmallProduct::SmallProduct(const MatmulStep& step, InstructionSet set, DType dtype)
    : step_(&step), kernels_(&small_matmul(set)), dtype_(dtype) {}

void SmallProduct::run(Bases bases) const {
  const std::size_t rank = step_->batch.rank();
  const Access &a = step_->a.access, &b = step_->b.access;
  const auto call = [&]<class T>(auto kernel, T) {
    kernel(reinterpret_cast<const T*>(bases[a.base]) + a.view.offset, a.view.strides[rank], a.view.strides[rank + 1],
           reinterpret_cast<const T*>(bases[b.base]) + b.view.offset, b.view.strides[rank], b.view.strides[rank + 1],
           reinterpret_cast<T*>(bases[step_->value]), step_->m, step_->n, step_->k);
  };
  if (dtype_ == DType::float32) call(kernels_->float32, float{});
  else call(kernels_->float64, double{});
}

// ---- Calls

OpaqueCall::OpaqueCall(const Plan& plan, const OpaqueStep& step) : step_(&step) {
  const Node& node = plan.program[step.value];
  op_ = node.op;
  attributes_ = plan.program.attributes(node);
  output_ = {nullptr, node.dtype, node.shape};
  const auto inputs = plan.program.inputs(node);
  offsets_.reserve(inputs.size());
  inputs_.reserve(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Node& input = plan.program[inputs[i]];
    offsets_.push_back(static_cast<std::size_t>(step.inputs[i].view.offset) * size_of(input.dtype));
    inputs_.push_back({nullptr, input.dtype, input.shape});
  }
}

void OpaqueCall::run(Bases bases) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) inputs_[i].data = bases[step_->inputs[i].base] + offsets_[i];
  output_.data = bases[step_->value];
  op_->execute({inputs_, output_, attributes_});
}

}  // namespace xtape::detail
