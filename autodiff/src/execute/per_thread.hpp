// An object for each thread, made at first use and freed when the thread ends. Evaluations may run later still, in the
// destructors of static objects: they get a new object, which nobody frees.
#pragma once

namespace xtape::detail {

template <class T>
T& per_thread() {
  static thread_local T* object = nullptr;
  struct Owner {
    ~Owner() {
      delete object;
      object = nullptr;
    }
  };
  if (object == nullptr) {
    object = new T;
    static thread_local const Owner owner;
    static_cast<void>(owner);
  }
  return *object;
}

}  // namespace xtape::detail
