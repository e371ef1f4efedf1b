#include "blocking_session.hpp"

#include "bulk.hpp"
#include "errors.hpp"
#include "response.hpp"
#include "seats.hpp"
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
    explicit BlockingSession(const nb::dict& options) : seats_(settings_from(options)) {}

    Seats& seats() noexcept { return seats_; }

    nb::object call(std::string method, std::string_view url, const std::optional<Fields>& headers,
                    std::optional<nb::bytes> body, std::optional<double> attempt, std::optional<double> deadline,
                    const nb::object& given) {
        auto request = std::make_unique<http::Request>(
            request_from(seats_.settings(), std::move(method), url, headers, std::move(body), attempt));
        PyObject* const kept = given.is_none() ? nullptr : given.ptr();
        BlockingCall call;
        {
            Seats::Seat seat(seats_);
            seat.engine().start(call, std::move(request), duration_from(deadline));
            seat.turn();
            while (call.is_in_flight()) seat.wait_and_turn();
        }
        if (!call.response) raise(error_of(call, kept));
        nb::object response = make_response(call, kept);
        if (seats_.settings().raise_for_status) response.attr("raise_for_status")();
        return response;
    }

  private:
    Seats seats_;
};

}  // namespace

void register_blocking_session(nb::module_& module) {
    nb::class_<BlockingSession>(module, "BlockingSession", nb::is_weak_referenceable(), nb::dynamic_attr())
        .def(nb::init<const nb::dict&>())
        .def("_call", &BlockingSession::call, nb::arg("method"), nb::arg("url"), nb::arg("headers") = nb::none(),
             nb::arg("body") = nb::none(), nb::arg("attempt") = nb::none(), nb::arg("deadline") = nb::none(),
             nb::arg("request") = nb::none())
        .def("_map",
             [](nb::handle self, const nb::object& requests, std::size_t concurrency, bool ordered) {
                 auto& session = *nb::inst_ptr<BlockingSession>(self);
                 return make_bulk(nb::borrow(self), session.seats(), requests, concurrency, ordered);
             })
        .def("_close", [](BlockingSession& self) { self.seats().close(); });
}

}  // namespace plait::python
