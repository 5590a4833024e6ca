// Everything of the autodiff core. Add <xtape/xtensor.hpp> to pass xtensor expressions in and out.
#pragma once

#include <xtape/array.hpp>
#include <xtape/engine.hpp>
#include <xtape/error.hpp>
#include <xtape/initialize.hpp>
#include <xtape/operand.hpp>
#include <xtape/ops.hpp>
#include <xtape/parameter.hpp>
#include <xtape/tape.hpp>
#include <xtape/version.hpp>
