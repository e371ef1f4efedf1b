#pragma once

#include "core/engine.hpp"
#include "core/policies.hpp"
#include "hooks/hooks.hpp"
#include "values/python.hpp"
#include <memory>

namespace plait::python {

/// The function `when` of a `plait.Retry`. It is called with Python's lock, in a turn.
class PythonJudge final : public RetryJudge {
  public:
    explicit PythonJudge(nb::object when) { when_.set(std::move(when)); }

    std::optional<bool> wants_retry(const batch::EndedAttempt& ended) override;

    PyObject* when() const noexcept { return when_.get(); }
    void clear() noexcept { when_.clear(); }

  private:
    Held when_;
};

/// The functions of the program that a session or a run calls for its attempts. They outlive its calls.
class Callbacks {
  public:
    /// The options `hooks` and `retry_when`.
    explicit Callbacks(const nb::dict& options);

    /// Null: none.
    PythonHooks* hooks() const noexcept { return hooks_.get(); }
    PythonJudge* judge() const noexcept { return judge_.get(); }

    /// Settings whose calls have these.
    Settings with(Settings settings) const;

    int traverse(visitproc visit, void* arg) const;
    void clear() noexcept;

  private:
    std::unique_ptr<PythonHooks> hooks_;
    std::unique_ptr<PythonJudge> judge_;
};

}  // namespace plait::python
