#pragma once

/// Begins the definition of a function that returns a `thread_local` variable, or its address:
///
///     PLAIT_OF_THIS_THREAD int& counter() { PLAIT_ASK_ANEW(); thread_local int count = 0; return count; }
///
/// A loop can move to another thread while a task waits. Clang keeps the address of such a variable across co_await
/// (LLVM issues 47179 and 63022, seen with 16), so the function must stay a call, and one that is made again. GCC asks
/// for the address after each wait.
#if defined(__clang__)
#define PLAIT_OF_THIS_THREAD [[gnu::noinline]]
#define PLAIT_ASK_ANEW() asm volatile("")
#else
#define PLAIT_OF_THIS_THREAD
#define PLAIT_ASK_ANEW() static_cast<void>(0)
#endif
