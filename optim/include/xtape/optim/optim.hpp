// Everything of optim: update rules, learning rates, stopping rules, and what drives them.
#pragma once

#include <xtape/optim/adam.hpp>
#include <xtape/optim/batches.hpp>
#include <xtape/optim/gradient_descent.hpp>
#include <xtape/optim/loss.hpp>
#include <xtape/optim/minimize.hpp>
#include <xtape/optim/momentum.hpp>
#include <xtape/optim/nesterov.hpp>
#include <xtape/optim/newton.hpp>
#include <xtape/optim/optimizer.hpp>
#include <xtape/optim/rule.hpp>
#include <xtape/optim/schedule.hpp>
#include <xtape/optim/stopping.hpp>
