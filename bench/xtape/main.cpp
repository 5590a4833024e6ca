// bench_xtape: xtape and the hand-written limits, checked against each other and timed side by side.
#include <cstdio>
#include <exception>

#include <cblas.h>

#include <xtape/engine.hpp>

#include "bench/hand/hand.hpp"
#include "bench/xtape/cases.hpp"

namespace {

void run(const bench::Flags& flags) {
  using namespace bench;
  openblas_set_num_threads(1);
  std::printf("xtape: %s, hand: %s\n", std::string(xtape::instruction_set()).c_str(), hand::instruction_set());
  std::printf("%s, %d thread\n\n", openblas_get_config(), openblas_get_num_threads());
  std::vector<Row> rows = run_grid(
      join(with_xtape::recording(), with_xtape::plan_building(), hand::quadratic_step(), with_xtape::quadratic_step(),
           hand::scalar_gradient(), with_xtape::scalar_gradient(), hand::op_chain(), with_xtape::op_chain(),
           hand::elementwise(), with_xtape::elementwise(), hand::logistic_step(), with_xtape::logistic_step(),
           hand::logistic_fit(), with_xtape::logistic_fit(), hand::softmax_step(), with_xtape::softmax_step(),
           hand::dense_layer(), with_xtape::dense_layer(), hand::minibatch_sgd(), with_xtape::minibatch_sgd(),
           hand::adam_update(), with_xtape::adam_update(), hand::mlp_step(), with_xtape::mlp_step(), hand::rosenbrock(),
           with_xtape::rosenbrock(), hand::deep_chain(), with_xtape::deep_chain()),
      flags);
  if (!flags.out.empty()) write_part(flags.out, rows);
}

}  // namespace

int main(int argc, char** argv) try { run(bench::parse_flags(argc, argv)); } catch (const std::exception& error) {
  std::fprintf(stderr, "bench_xtape: %s\n", error.what());
  return 1;
}
