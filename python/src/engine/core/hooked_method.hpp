#pragma once

#include "plait/async/event_loop.hpp"
#include "plait/async/task.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/method/method.hpp"

#include "core/policies.hpp"
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace plait::python {

/// What an attempt ends with when a function of the program has failed that looked at it. Its answer, if one had come,
/// is kept.
batch::Failure failed_by_program(std::string message, batch::Attempt attempt);

/// Another method, with hooks around its attempts. They are called on the loop that runs the calls.
class HookedMethod final : public batch::Method {
  public:
    /// Returns the context in which the hooks of a call run.
    using ContextOf = std::function<std::shared_ptr<void>(const batch::Call& call)>;
    /// Told what a hook has thrown for a call; returns the message of its error.
    using NoteThrown = std::function<std::string(const batch::Call& call, std::exception_ptr thrown)>;

    /// `hooks` outlive the method.
    HookedMethod(std::unique_ptr<batch::Method> method, AttemptHooks& hooks, ContextOf context_of,
                 NoteThrown note_thrown);

    Task<batch::Attempt> attempt(const http::Request& request) override { return method_->attempt(request); }
    Task<batch::Attempt> attempt_of(const batch::Call& call, const batch::CallRules& rules,
                                    const http::Request& request) override;

    std::size_t most_in_flight() const noexcept override { return method_->most_in_flight(); }
    bool blocks_loop() const noexcept override { return method_->blocks_loop(); }
    std::vector<LoopHandle> worker_loops() const override { return method_->worker_loops(); }
    Task<void> begin() override { return method_->begin(); }
    Task<void> work() override { return method_->work(); }
    Task<void> end(bool has_finished) override { return method_->end(has_finished); }
    void follow_room(std::function<void(std::size_t)> changed) override { method_->follow_room(std::move(changed)); }
    std::function<void(std::uint64_t)> follow_results() override { return method_->follow_results(); }
    bool takes_over(std::string_view custom_id) override { return method_->takes_over(custom_id); }
    std::vector<batch::RemoteWorker> remote_workers() const override { return method_->remote_workers(); }

  private:
    Task<batch::Attempt> attempt_with_hooks(const batch::Call& call, const batch::CallRules& rules,
                                            http::Request request);
    std::unique_ptr<batch::Method> method_;
    AttemptHooks& hooks_;
    ContextOf context_of_;
    NoteThrown note_thrown_;
};

}  // namespace plait::python
