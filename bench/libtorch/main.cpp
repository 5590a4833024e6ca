// bench_libtorch: the same problems by libtorch; `bench` compares the answers with the others'.
#include <cstdio>
#include <exception>

#include "bench/libtorch/problems.hpp"

namespace {

void run(const bench::Flags& flags) {
  using namespace bench::with_libtorch;
  std::vector<bench::Row> rows = bench::run_grid(
      bench::join(quadratic_step(), scalar_gradient(), op_chain(), elementwise(), logistic_step(), softmax_step(),
                  dense_layer(), minibatch_sgd(), adam_update(), mlp_step(), rosenbrock(), deep_chain()),
      flags);
  if (!flags.out.empty()) bench::write_part(flags.out, rows);
}

}  // namespace

int main(int argc, char** argv) try { run(bench::parse_flags(argc, argv)); } catch (const std::exception& error) {
  std::fprintf(stderr, "bench_libtorch: %s\n", error.what());
  return 1;
}
