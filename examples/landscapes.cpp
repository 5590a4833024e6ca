// A cliff, a canyon, a plateau and a saddle: where plain gradient descent overshoots, oscillates, crawls and stalls,
// and which rule mends which. (After Goodfellow, Bengio and Courville, Deep Learning, 2016, section 8.2.)
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

namespace {

using namespace xtape;
using namespace xtape::optim;

Var cliff(const Var& x, const Var& y) { return exp(20 * x) - x + square(y) / 2; }
Var canyon(const Var& x, const Var& y) { return (square(x) + 1000 * square(y)) / 2; }
Var plateau(const Var& x, const Var& y) { return 1 - exp(-(square(x) + square(y)) / 2); }
Var saddle(const Var& x, const Var& y) { return (square(x) - square(y)) / 2 + square(square(y)) / 4; }

struct Landscape {
  Var (*f)(const Var& x, const Var& y);
  double x, y, least, rate;  // where to start; the least loss; a rate for rules that do not scale the gradient
};
const Landscape kLands[] = {{cliff, 0.5, 1, (1 + std::log(20)) / 20, 0.05},
                            {canyon, 1, 1, 0, 0.0013},
                            {plateau, 4, 3, 0, 1},
                            {saddle, 1, 1e-12, -0.25, 0.1}};
const auto& [kCliff, kCanyon, kPlateau, kSaddle] = kLands;
constexpr int kLimit = 20000;
int wrong = 0;  // claims that do not hold

template <class... Numbers>
void claim(bool right, const char* format, Numbers... numbers) {
  std::printf(format, numbers...);
  std::puts(right ? "" : "  WRONG");
  if (!right) ++wrong;
}

struct Walk {
  double x, y;  // where it ends
  Result result;
  int needed;  // iterations until the loss is within 0.001 of the least
};

Walk walk(const Landscape& land, const Method& method, Stopping stop = {.iterations = kLimit, .gradient_norm = 1e-9}) {
  Parameter x("x", Array(land.x)), y("y", Array(land.y));
  int needed = kLimit;
  auto loss = [&](Tape& tape) { return land.f(tape.read(x), tape.read(y)); };
  auto watch = [&](const Step& step) {
    if (needed == kLimit && step.loss <= land.least + 0.001) needed = static_cast<int>(step.iteration);
  };
  Result result = minimize({x, y}, loss, method, stop, watch);
  return {x.value().item<double>(), y.value().item<double>(), result, needed};
}

Walk descend(const Landscape& land, const Stopping& stopping) {
  return walk(land, GradientDescent{.learning_rate = land.rate}, stopping);
}

void show_gradient_descent() {
  double x = descend(kCliff, {.iterations = 1}).x;
  claim(x < -1e4, "gradient descent overshoots at the cliff: one step takes it from x = 0.5 to %.0f;", x);
  double y[] = {descend(kCanyon, {.iterations = 1}).y, descend(kCanyon, {.iterations = 2}).y};
  claim(y[0] < 0 && y[1] > 0, "  oscillates in the canyon, from y = 1 to %.2f to %.2f;", y[0], y[1]);
  Walk slow = descend(kPlateau, {.iterations = 1000});
  double moved = std::hypot(slow.x - kPlateau.x, slow.y - kPlateau.y);
  claim(moved < 0.05, "  crawls on the plateau: 1000 steps take it %.2f of the 5 to the minimum;", moved);
  Walk end = descend(kSaddle, {.iterations = kLimit, .gradient_norm = 1e-6});
  claim(end.result.reason == StopReason::gradient_norm && end.result.loss - kSaddle.least > 0.2,
        "  stalls at the saddle: gradient below 1e-6 at (%.0e, %.0e), loss %.2f above the least", end.x, end.y,
        end.result.loss - kSaddle.least);
}

std::vector<std::pair<const char*, Method>> rules(double rate) {
  return {{"gradient descent", GradientDescent{.learning_rate = rate}},
          {"clipped to norm 1", ClipNorm{.rule = GradientDescent{.learning_rate = rate}, .max_norm = 1}},
          {"momentum 0.9", Momentum{.learning_rate = rate}},
          {"Nesterov, momentum 0.9", Nesterov{.learning_rate = rate}},
          {"RMSprop, rate 0.01", RMSprop{.learning_rate = 0.01}},
          {"Adam, rate 0.1", Adam{.learning_rate = 0.1}},
          {"Newton, damped", Newton{}}};
}

}  // namespace

int main() {
  show_gradient_descent();
  std::printf("iterations to a loss within 0.001 of the least (%d: not there yet)\n", kLimit);
  std::printf("  %-23s   cliff  canyon plateau  saddle\n  %-23s", "", "rate of the first four");
  for (const Landscape& land : kLands) std::printf("%8g", land.rate);
  int needed[7][4];
  for (int rule = 0; rule < 7; ++rule) {
    std::printf("\n  %-23s", rules(0)[rule].first);
    for (int land = 0; land < 4; ++land)
      std::printf("%8d", needed[rule][land] = walk(kLands[land], rules(kLands[land].rate)[rule].second).needed);
  }
  auto& [descent, clipped, momentum, nesterov, rmsprop, adam, newton] = needed;
  Walk pure = walk(kSaddle, Newton{.damping = false, .line_search = false});
  claim(clipped[0] < descent[0] / 100 && momentum[0] == kLimit && nesterov[0] == kLimit,
        "\nclipping mends the cliff (%d), momentum does not;", clipped[0]);
  claim(momentum[1] < descent[1] / 5 && nesterov[1] < descent[1] / 5, "momentum mends the canyon (%d, Nesterov's %d);",
        momentum[1], nesterov[1]);
  claim(rmsprop[2] < descent[2] / 50 && adam[2] < descent[2] / 50 && clipped[2] == descent[2],
        "dividing by the gradient's size mends the plateau (RMSprop %d, Adam %d), clipping does not;", rmsprop[2],
        adam[2]);
  claim(newton[3] < descent[3] / 20 && pure.needed == kLimit && std::hypot(pure.x, pure.y) < 1e-12,
        "negative curvature leads Newton from the saddle (%d); without damping it ends there.", newton[3]);
  return wrong == 0 ? 0 : 1;
}
