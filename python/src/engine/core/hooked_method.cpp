#include "core/hooked_method.hpp"

#include <optional>
#include <utility>

namespace plait::python {

namespace {

/// Tells the hooks that an attempt was given up, if it is.
class Following {
  public:
    Following(AttemptHooks& hooks, AttemptHooks::Token token, const http::Request& request)
        : hooks_(hooks), token_(std::move(token)), request_(request) {}
    Following(const Following&) = delete;
    Following& operator=(const Following&) = delete;
    ~Following() {
        if (has_ended_) return;
        try {
            hooks_.after(token_, request_, nullptr);
        } catch (...) {
            static_cast<void>(0);  // nobody waits for the call any more
        }
    }

    void ended(const batch::Attempt& attempt) {
        has_ended_ = true;
        hooks_.after(token_, request_, &attempt);
    }

  private:
    AttemptHooks& hooks_;
    const AttemptHooks::Token token_;
    const http::Request& request_;
    bool has_ended_ = false;
};

}  // namespace

batch::Failure failed_by_program(std::string message, batch::Attempt attempt) {
    auto* const answer = attempt.response();
    const bool maybe_sent = !answer && attempt.failure()->maybe_sent;
    batch::Failure failure(ErrorCode::bad_input, std::move(message), maybe_sent);
    failure.is_permanent = true;
    if (answer) failure.partial = std::make_shared<http::Response>(std::move(*answer));
    return failure;
}

HookedMethod::HookedMethod(std::unique_ptr<batch::Method> method, AttemptHooks& hooks, ContextOf context_of,
                           NoteThrown note_thrown)
    : method_(std::move(method)),
      hooks_(hooks),
      context_of_(std::move(context_of)),
      note_thrown_(std::move(note_thrown)) {}

Task<batch::Attempt> HookedMethod::attempt_of(const batch::Call& call, const batch::CallRules& rules,
                                              const http::Request& request) {
    return attempt_with_hooks(call, rules, http::Request(request));
}

Task<batch::Attempt> HookedMethod::attempt_with_hooks(const batch::Call& call, const batch::CallRules& rules,
                                                      http::Request request) {
    std::optional<Following> following;
    const int number = call.attempts_begun;
    try {
        auto token = hooks_.before(number, context_of_(call), request);
        following.emplace(hooks_, std::move(token), request);
    } catch (...) {
        co_return failed_by_program(note_thrown_(call, std::current_exception()),
                                    batch::Failure(ErrorCode::bad_input, "", false));
    }
    auto attempting = method_->attempt_of(call, rules, request);
    batch::Attempt attempt = co_await std::move(attempting);
    try {
        following->ended(attempt);
    } catch (...) {
        co_return failed_by_program(note_thrown_(call, std::current_exception()), std::move(attempt));
    }
    co_return attempt;
}

}  // namespace plait::python
