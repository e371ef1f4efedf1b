#include "session/blocking_session.hpp"

#include "hooks/callbacks.hpp"
#include "session/bulk.hpp"
#include "session/seats.hpp"
#include "values/errors.hpp"
#include "values/response.hpp"
#include <memory>
#include <utility>

namespace plait::python {

namespace {

class BlockingCall final : public Caller {
  public:
    void on_end() noexcept override {}
};

/// The base of `plait.BlockingSession`.
class BlockingSession {
  public:
    explicit BlockingSession(const nb::dict& options)
        : callbacks_(options), seats_(callbacks_.with(settings_from(options))) {}

    Seats& seats() noexcept { return seats_; }

    nb::object call(std::string method, std::string_view url, const std::optional<Fields>& headers,
                    std::optional<nb::bytes> body, std::optional<double> attempt, std::optional<double> deadline,
                    const nb::object& given, const nb::object& policy) {
        auto request = std::make_unique<http::Request>(
            request_from(seats_.settings(), std::move(method), url, headers, std::move(body), attempt));
        PyObject* const kept = given.is_none() ? nullptr : given.ptr();
        auto rules = policy_from(policy);
        const bool check =
            (rules ? rules->raise_for_status : std::nullopt).value_or(seats_.settings().raise_for_status);
        BlockingCall call;
        {
            Seats::Seat seat(seats_);
            call.wake_up = seat.wake_up();
            {
                const Seats::Seat::Use in_use = seat.use();
                seat.engine().start(call, std::move(request), duration_from(deadline), std::move(rules));
            }
            wait_for(call, seat);
        }
        if (!call.response) raise(error_of(call, kept));
        nb::object response = make_response(call, kept);
        if (check) response.attr("raise_for_status")();
        return response;
    }

    static int traverse(PyObject* self, visitproc visit, void* arg) {
        Py_VISIT(Py_TYPE(self));
        if (!nb::inst_ready(self)) return 0;
        return nb::inst_ptr<BlockingSession>(self)->callbacks_.traverse(visit, arg);
    }
    static int clear(PyObject* self) {
        if (!nb::inst_ready(self)) return 0;
        nb::inst_ptr<BlockingSession>(self)->callbacks_.clear();
        return 0;
    }

  private:
    static void wait_for(BlockingCall& call, Seats::Seat& seat) {
        try {
            seat.turn();
            while (call.is_in_flight()) seat.wait_and_turn();
        } catch (...) {
            seat.give_up(call);
            throw;
        }
    }

    Callbacks callbacks_;
    Seats seats_;
};

}  // namespace

void register_blocking_session(nb::module_& module) {
    static PyType_Slot slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(&BlockingSession::traverse)},
                                  {Py_tp_clear, reinterpret_cast<void*>(&BlockingSession::clear)},
                                  {0, nullptr}};
    nb::class_<BlockingSession>(module, "BlockingSession", nb::type_slots(slots), nb::is_weak_referenceable())
        .def(nb::init<const nb::dict&>())
        .def("_call", &BlockingSession::call, nb::arg("method"), nb::arg("url"), nb::arg("headers") = nb::none(),
             nb::arg("body") = nb::none(), nb::arg("attempt") = nb::none(), nb::arg("deadline") = nb::none(),
             nb::arg("request") = nb::none(), nb::arg("policy") = nb::none())
        .def("_map",
             [](nb::handle self, const nb::object& requests, std::size_t concurrency, bool ordered) {
                 auto& session = *nb::inst_ptr<BlockingSession>(self);
                 return make_bulk(nb::borrow(self), session.seats(), requests, concurrency, ordered);
             })
        .def("_close", [](BlockingSession& self) { self.seats().close(); });
}

}  // namespace plait::python
