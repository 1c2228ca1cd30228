// SPDX-License-Identifier: Apache-2.0
// Preloaded, counts the heap allocations of a program, and prints the count to stderr at SIGUSR1 and at exit:
// `allocations N`. operator new reaches the heap through malloc, so it is counted once.
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>

// What the functions below stand in front of. These names are glibc's own, so no lookup by dlsym, which
// allocates.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

std::atomic<unsigned long> allocations{0};

void count() { allocations.fetch_add(1, std::memory_order_relaxed); }

// No printf: this runs in a signal handler, too.
void print_count() {
  char text[48] = "allocations ";
  char digits[24];
  int size = 0;
  for (auto rest = allocations.load(std::memory_order_relaxed); rest > 0 || size == 0; rest /= 10)
    digits[size++] = static_cast<char>('0' + rest % 10);
  std::size_t end = 12;
  while (size > 0) text[end++] = digits[--size];
  text[end++] = '\n';
  [[maybe_unused]] auto const written = ::write(STDERR_FILENO, text, end);
}

struct at_both_ends {
  at_both_ends() {
    std::signal(SIGUSR1, [](int) {
      int const kept = errno;
      print_count();
      errno = kept;
    });
  }
  ~at_both_ends() { print_count(); }
} const installed;

}  // namespace

extern "C" {

void* malloc(std::size_t size) noexcept {
  count();
  return __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) noexcept {
  count();
  return __libc_calloc(number, size);
}

void* realloc(void* old, std::size_t size) noexcept {
  count();
  return __libc_realloc(old, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  count();
  return __libc_memalign(alignment, size);
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
  count();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t size) noexcept {
  count();
  *result = __libc_memalign(alignment, size);
  return *result ? 0 : ENOMEM;
}
}
