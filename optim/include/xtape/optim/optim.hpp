// Everything of optim: update rules, learning rates, Newton's method, L-BFGS, stopping rules, and what drives them.
#pragma once

#include <xtape/error.hpp>
#include <xtape/optim/adadelta.hpp>
#include <xtape/optim/adagrad.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/optim/adamw.hpp>
#include <xtape/optim/amsgrad.hpp>
#include <xtape/optim/batches.hpp>
#include <xtape/optim/clip_norm.hpp>
#include <xtape/optim/gradient_descent.hpp>
#include <xtape/optim/lbfgs.hpp>
#include <xtape/optim/loss.hpp>
#include <xtape/optim/minimize.hpp>
#include <xtape/optim/momentum.hpp>
#include <xtape/optim/nesterov.hpp>
#include <xtape/optim/newton.hpp>
#include <xtape/optim/optimizer.hpp>
#include <xtape/optim/rmsprop.hpp>
#include <xtape/optim/rule.hpp>
#include <xtape/optim/schedule.hpp>
#include <xtape/optim/stopping.hpp>
