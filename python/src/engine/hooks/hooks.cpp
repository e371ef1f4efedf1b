#include "hooks/hooks.hpp"

#include "plait/async/event_loop.hpp"

#include "values/errors.hpp"
#include "values/response.hpp"
#include <utility>

namespace plait::python {

namespace {

/// An attempt on its way: the `plait.Attempt` that hooks see.
struct Seen {
    nb::object attempt;
    nb::object context;
    TimePoint began;
};

}  // namespace

PythonHooks::PythonHooks(nb::object hooks) {
    hooks_.set(std::move(hooks));
    before_.set(python_name("plait._hooks", "before"));
    after_.set(python_name("plait._hooks", "after"));
}

AttemptHooks::Token PythonHooks::before(int number, const std::shared_ptr<void>& given, http::Request& request) {
    const Locked locked;
    const nb::object sent = sent_request(request);
    const nb::object context = given ? *static_cast<const nb::object*>(given.get()) : nb::none();
    const auto seen = nb::cast<nb::tuple>(
        stay_at_exit([&] { return nb::borrow(before_.get())(nb::borrow(hooks_.get()), sent, number, context); }));
    for (const auto& [name, value] : nb::cast<Fields>(seen[1])) request.headers.set(name, value);
    return Token(new Seen{nb::borrow(seen[0]), context, now()}, [](void* token) {
        const Locked locked_again;
        delete static_cast<Seen*>(token);
    });
}

void PythonHooks::after(const Token& token, const http::Request& request, const batch::Attempt* attempt) {
    const Locked locked;
    if (!after_) return;  // the session goes away
    const auto& seen = *static_cast<const Seen*>(token.get());
    nb::object response = nb::none();
    nb::object error = nb::none();
    const nb::object sent = seen.attempt.attr("request");
    if (!attempt) {
        error = error_named("SessionClosed", "the call was given up");
    } else if (const auto* answer = attempt->response()) {
        EndedCall ended(request, *answer, now() - seen.began, nb::cast<int>(seen.attempt.attr("number")));
        response = make_response(ended, sent.ptr());
    } else {
        const batch::Failure& failed = *attempt->failure();
        error = error_of(Failure(failed.code, failed.message, failed.maybe_sent), sent.ptr());
    }
    stay_at_exit(
        [&] { nb::borrow(after_.get())(nb::borrow(hooks_.get()), seen.attempt, response, error, seen.context); });
}

int PythonHooks::traverse(visitproc visit, void* arg) const {
    Py_VISIT(hooks_.get());
    Py_VISIT(before_.get());
    Py_VISIT(after_.get());
    return 0;
}

void PythonHooks::clear() noexcept {
    hooks_.clear();
    before_.clear();
    after_.clear();
}

std::shared_ptr<void> shared(nb::object object) {
    return std::shared_ptr<void>(new nb::object(std::move(object)), [](void* held) {
        const Locked locked;
        delete static_cast<nb::object*>(held);
    });
}

}  // namespace plait::python
