#include "check/flat.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include "check/judge.hpp"
#include "check/random.hpp"

namespace xtape::detail {

namespace {

/// The check of one gradient.
class Examination {
 public:
  Examination(const FlatFunction& function, std::span<const double> x, double at_x, std::span<const double> gradient,
              const CheckOptions& options, CheckReport& report)
      : function_(function),
        options_(options),
        report_(report),
        random_(options.seed, 1),
        scales_(scales_of(function.parts, x)),
        judge_(function, x, at_x, gradient, scales_, report) {}

  void run() {
    const auto count = static_cast<std::int64_t>(scales_.size());
    report_.elements = count;
    for (int i = 0; i < 2; ++i) judge_.learn_noise(random_direction());
    report_.noise = judge_.relative_noise();
    if (count <= options_.all_elements) {
      for (std::int64_t i = 0; i < count; ++i) check_element(static_cast<std::size_t>(i));
    } else {
      for (std::size_t element : drawn_elements(count)) check_element(element);
      for (int i = 0; i < options_.directions && wrong_ == 0; ++i) check_direction(random_direction());
    }
    conclude();
  }

 private:
  /// Each element moves by its scale, this way or that.
  Direction random_direction() {
    Direction direction{{}, scales_};
    for (double& step : direction.steps) step *= random_.sign();
    return direction;
  }

  std::vector<std::size_t> drawn_elements(std::int64_t count) {
    std::vector<std::size_t> drawn;
    std::unordered_set<std::size_t> seen;
    const auto wanted = static_cast<std::size_t>(std::min(options_.coordinates, count));
    while (drawn.size() < wanted) {
      const auto element = static_cast<std::size_t>(random_.below(count));
      if (seen.insert(element).second) drawn.push_back(element);
    }
    return drawn;
  }

  Judgement judge_element(std::size_t element) { return judge_.judge({{element}, {scales_[element]}}); }

  void check_element(std::size_t element) {
    const Judgement judgement = judge_element(element);
    ++report_.checked;
    if (judgement.verdict == Verdict::kink || judgement.verdict == Verdict::uncertain) ++report_.kinks;
    if (judgement.verdict == Verdict::uncertain) ++uncertain_;
    if (judgement.verdict == Verdict::wrong) ++wrong_;
    note_element(element, judgement);
  }

  /// Wrong ones rank by their difference, above all others; those by how much of the allowed difference they use up.
  void note_element(std::size_t element, const Judgement& judgement) {
    const double share = judgement.allowed > 0 ? judgement.difference() / judgement.allowed : 0;
    const bool wrong = judgement.verdict == Verdict::wrong;
    const double rank = wrong ? judgement.difference() : std::min(share, 1.0);
    if (std::pair(wrong, rank) <= worst_) return;
    worst_ = {wrong, rank};
    report_.direction = false;
    locate(function_.parts, element, report_);
    write(judgement, scales_[element]);
  }

  /// Per unit of x rather than of the scale.
  void write(const Judgement& judgement, double scale) {
    report_.analytic = judgement.analytic / scale;
    report_.numeric = judgement.slope.value / scale;
    report_.left_slope = judgement.slope.left / scale;
    report_.right_slope = judgement.slope.right / scale;
    report_.step = judgement.slope.step * scale;
    report_.error = judgement.slope.error / scale;
    report_.allowed = judgement.allowed / scale;
  }

  /// Elements at kinks are taken out of a direction that looks wrong, as long as they are few: of several kinks the
  /// analytic derivative need not lie between the one-sided ones of their sum.
  void check_direction(Direction direction) {
    const auto most = static_cast<std::int64_t>(options_.kink_share * static_cast<double>(scales_.size()));
    ++report_.directions;
    for (std::int64_t removed = 0;; ++removed) {
      const Judgement judgement = judge_.judge(direction);
      report_.found_by_directions = std::max(report_.found_by_directions, 2 * judgement.allowed);
      if (judgement.verdict != Verdict::wrong) return;
      const std::size_t element = culprit(direction);
      if (element == scales_.size() || removed >= most) return note_direction(judgement);
      const Judgement own = judge_element(element);
      if (own.verdict == Verdict::wrong) {
        ++wrong_;
        return note_element(element, own);
      }
      if (own.verdict == Verdict::right) return note_direction(judgement);
      direction.steps[element] = 0;
    }
  }

  void note_direction(const Judgement& judgement) {
    ++wrong_;
    if (worst_.first) return;
    worst_ = {true, 0};
    report_.direction = true;
    write(judgement, 1);
  }

  /// The element that makes a direction wrong, by halves; the number of elements if neither half is wrong.
  std::size_t culprit(const Direction& direction) {
    std::size_t first = 0, count = direction.steps.size();
    while (count > 1) {
      const std::size_t half = count / 2;
      const Judgement low = judge_.judge(part_of(direction, first, half));
      const Judgement high = judge_.judge(part_of(direction, first + half, count - half));
      const bool in_low = low.verdict == Verdict::wrong, in_high = high.verdict == Verdict::wrong;
      if (!in_low && !in_high) return scales_.size();
      const bool take_low = in_low && (!in_high || low.difference() >= high.difference());
      if (!take_low) first += half;
      count = take_low ? half : count - half;
    }
    return first;
  }

  static Direction part_of(const Direction& direction, std::size_t first, std::size_t count) {
    Direction part;
    part.elements.resize(count);
    std::iota(part.elements.begin(), part.elements.end(), first);
    const auto begin = direction.steps.begin() + static_cast<std::ptrdiff_t>(first);
    part.steps.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
    return part;
  }

  void conclude() {
    if (wrong_ > 0) {
      report_.status = CheckStatus::fail;
      report_.reason =
          report_.direction ? "the derivative along a random direction is wrong" : "the derivative is wrong";
      if (wrong_ > 1 && report_.directions == 0)
        report_.reason += ", and so are those of " + std::to_string(wrong_ - 1) + " other elements";
      return;
    }
    const double most = options_.kink_share * static_cast<double>(report_.checked);
    if (static_cast<double>(report_.kinks) <= most) return;
    report_.status = CheckStatus::kink;
    const std::string of_all = " of " + std::to_string(report_.checked) + " elements ";
    if (report_.kinks > uncertain_)
      report_.reason = std::to_string(report_.kinks - uncertain_) + of_all + "are at kinks";
    if (report_.kinks > uncertain_ && uncertain_ > 0) report_.reason += ", and ";
    if (uncertain_ > 0)
      report_.reason += "for " + std::to_string(uncertain_) + of_all + "no numeric derivative could be measured";
    report_.reason += ", which says too little of the gradient; check at another point";
  }

  const FlatFunction& function_;
  const CheckOptions& options_;
  CheckReport& report_;
  CheckRandom random_;
  const std::vector<double> scales_;
  Judge judge_;
  std::int64_t wrong_ = 0, uncertain_ = 0;
  std::pair<bool, double> worst_{false, -1};
};

}  // namespace

std::vector<double> scales_of(const std::vector<Part>& parts, std::span<const double> x) {
  std::vector<double> scales(x.size(), 1);
  for (const Part& part : parts) {
    const auto elements = x.subspan(part.offset, static_cast<std::size_t>(part.shape.size()));
    double largest = 0, squares = 0;
    for (double element : elements) largest = std::max(largest, std::abs(element));
    if (largest == 0) continue;
    for (double element : elements) squares += element / largest * (element / largest);
    const double common = largest * std::sqrt(squares / static_cast<double>(elements.size()));
    for (std::size_t i = 0; i < elements.size(); ++i)
      scales[part.offset + i] = std::exp2(std::ceil(std::log2(std::max(std::abs(elements[i]), common))));
  }
  return scales;
}

void check_elements(const FlatFunction& function, std::span<const double> x, double at_x,
                    std::span<const double> gradient, const CheckOptions& options, CheckReport& report) {
  Examination(function, x, at_x, gradient, options, report).run();
}

void locate(const std::vector<Part>& parts, std::size_t element, CheckReport& report) {
  for (const Part& part : parts) {
    const auto size = static_cast<std::size_t>(part.shape.size());
    if (element < part.offset || element >= part.offset + size) continue;
    report.input = part.input;
    report.index.assign(part.shape.rank(), 0);
    auto rest = static_cast<std::int64_t>(element - part.offset);
    for (std::size_t axis = part.shape.rank(); axis-- > 0; rest /= part.shape[axis])
      report.index[axis] = rest % part.shape[axis];
  }
}

}  // namespace xtape::detail
