#pragma once

#include "values/python.hpp"

namespace plait::python {

// What a task of asyncio's waits for while its call is in flight: it is yielded to the task, in place of a future.
//
// The result of a future reaches its task through the loop's list of ready callbacks, by a handle that asyncio makes
// and runs in Python code: about 2 us for each answer. A waiter resumes its task directly, within the callback of the
// loop that has made a turn. It has the methods that a task uses of a future, and is for one task.

/// A new waiter for a task of `loop`.
nb::object make_task_waiter(PyObject* loop);

/// Resumes the task, unless it was cancelled. Only for callbacks of the loop, in which no task runs. `finished` is a
/// future of the loop with a result: a task asks it sooner than a waiter whether to go on. Throws what a task lets
/// through: KeyboardInterrupt and SystemExit.
void resume_task(PyObject* waiter, PyObject* finished);

/// Resumes the task in the loop's next iteration, unless it was cancelled.
void resume_task_soon(PyObject* waiter);

void register_task_waiter();

}  // namespace plait::python
