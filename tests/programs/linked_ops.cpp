// Prints the ops that a loaded Function finds in a program that is linked as an application's are.
#include <iostream>

#include "function/linked_ops.hpp"

int main() {
  for (const xtape::detail::Op* op : xtape::detail::linked_ops()) std::cout << op->name << '\n';
}
