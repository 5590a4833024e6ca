#include "support/interpreter_random.hpp"

#include "support/philox.hpp"

namespace xtape::test {

namespace {

template <class Element>
void draw(Application& application, const Element& element) {
  const auto word = [&](std::size_t i) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(application.x().elements.at(i)));
  };
  for (std::size_t i = 0; i < application.output.elements.size(); ++i)
    application.output.elements[i] = element(random_word(word(0), word(1), i));
}

}  // namespace

void random_uniform(Application& application) {
  draw(application, [&](std::uint64_t word) { return uniform_element(word, application.output.dtype); });
}

void random_normal(Application& application) { draw(application, normal_element); }

}  // namespace xtape::test
