#pragma once

#include "core/policies.hpp"
#include "values/python.hpp"
#include <memory>

namespace plait::python {

/// The hooks of a session, as `plait._hooks` calls them. They run in a turn, with Python's lock.
class PythonHooks final : public AttemptHooks {
  public:
    explicit PythonHooks(nb::object hooks);

    Token before(int number, const std::shared_ptr<void>& context, http::Request& request) override;
    void after(const Token& token, const http::Request& request, const batch::Attempt* attempt) override;

    int traverse(visitproc visit, void* arg) const;
    void clear() noexcept;

  private:
    Held hooks_;
    Held before_;
    Held after_;
};

/// A Python object, for parts that know none; null for None.
std::shared_ptr<void> shared(nb::object object);

}  // namespace plait::python
