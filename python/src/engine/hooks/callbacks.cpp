#include "hooks/callbacks.hpp"

#include "values/errors.hpp"
#include "values/options.hpp"
#include "values/response.hpp"
#include <string>
#include <utility>

namespace plait::python {

namespace {

/// What the attempt has come to, as the call would end with it: a `Response`, or an error.
nb::object came_of(const batch::EndedAttempt& ended) {
    const nb::object request = sent_request(ended.request);
    if (const auto* const answer = ended.attempt.response()) {
        EndedCall call(ended.request, *answer, ended.elapsed, ended.number);
        return make_response(call, request.ptr());
    }
    const batch::Failure& failed = *ended.attempt.failure();
    nb::object error = error_of(Failure(failed.code, failed.message, failed.maybe_sent), request.ptr());
    if (nb::hasattr(error, "attempts")) error.attr("attempts") = ended.number;
    return error;
}

std::string repr_of(const nb::object& object) { return nb::cast<std::string>(nb::repr(object)); }

}  // namespace

std::optional<bool> PythonJudge::wants_retry(const batch::EndedAttempt& ended) {
    const Locked locked;
    if (!when_) return std::nullopt;  // the session goes away
    const nb::object came = came_of(ended);
    try {
        const nb::object wish = stay_at_exit([&] { return nb::borrow(when_.get())(came); });
        if (wish.is_none()) return std::nullopt;
        if (PyBool_Check(wish.ptr())) return wish.ptr() == Py_True;
        const std::string text = "when returned " + repr_of(wish) + ", which is neither True, False nor None";
        raise(error_named("InputError", text.c_str()));
    } catch (nb::python_error& error) {
        // Its traceback shows the error that it was asked about, too.
        if (PyExceptionInstance_Check(came.ptr()))
            PyException_SetContext(error.value().ptr(), nb::object(came).release().ptr());
        throw;
    }
}

Callbacks::Callbacks(const nb::dict& options) {
    if (auto hooks = option<nb::object>(options, "hooks")) hooks_ = std::make_unique<PythonHooks>(std::move(*hooks));
    if (auto when = option<nb::object>(options, "retry_when")) judge_ = std::make_unique<PythonJudge>(std::move(*when));
}

Settings Callbacks::with(Settings settings) const {
    if (hooks_ && !settings.policies) settings.policies.emplace().concurrency = settings.most_by_policy;
    if (settings.policies) {
        settings.policies->hooks = hooks_.get();
        settings.policies->judge = judge_.get();
    }
    return settings;
}

int Callbacks::traverse(visitproc visit, void* arg) const {
    if (judge_) Py_VISIT(judge_->when());
    return hooks_ ? hooks_->traverse(visit, arg) : 0;
}

void Callbacks::clear() noexcept {
    if (hooks_) hooks_->clear();
    if (judge_) judge_->clear();
}

}  // namespace plait::python
