#include "session/async_map.hpp"

#include "session/async_session.hpp"
#include "session/bulk.hpp"
#include "values/errors.hpp"
#include <utility>

namespace plait::python {

namespace {

/// What `plait.Map` is built on: the calls of a map in an asynchronous session.
class AsyncMap final : public Bulk, public TurnListener {
  public:
    AsyncMap(nb::object session, const nb::object& requests, std::size_t concurrency, bool ordered)
        : Bulk(session, session_of(session).settings(), requests, concurrency, ordered) {}
    ~AsyncMap() override { close(); }

    /// Starts what there is room for. Call it in the session's loop.
    void advance() {
        AsyncSession& session = enter();
        refill(session.engine());
        session.send_now();
    }

    void put_request(nb::object item) {
        AsyncSession& session = enter();
        add(session.engine(), std::move(item));
        session.send_now();
    }

    nb::list take_all() {
        nb::list results;
        while (true) {
            nb::object result = take();
            if (!result.is_valid()) return results;
            results.append(std::move(result));
        }
    }

    /// A future that is done when there may be results.
    nb::object wait() {
        AsyncSession& session = enter();
        future_.set(session.create_future());
        if (has_results()) after_turn();
        return nb::borrow(future_.get());
    }

    void after_turn() override {
        if (future_ && (has_results() || is_session_closed_)) wake_future(future_);
    }

    void session_closed() noexcept override {
        is_session_closed_ = true;
        forget();
        if (future_) wake_future(future_);
    }

    void close() noexcept {
        if (!is_entered_ || is_session_closed_) return;
        is_entered_ = false;
        AsyncSession& session = session_of(this->session());
        session.remove(*this);
        if (session.is_usable())
            give_up(session.engine());
        else
            forget();
    }

    static int traverse(PyObject* self, visitproc visit, void* arg) {
        Py_VISIT(Py_TYPE(self));
        if (!nb::inst_ready(self)) return 0;
        const auto* map = nb::inst_ptr<AsyncMap>(self);
        Py_VISIT(map->future_.get());
        return map->traverse_held(visit, arg);
    }
    static int clear(PyObject* self) {
        if (!nb::inst_ready(self)) return 0;
        auto* map = nb::inst_ptr<AsyncMap>(self);
        map->close();
        map->future_.clear();
        map->clear_held();
        return 0;
    }

  private:
    static AsyncSession& session_of(const nb::object& session) { return *nb::inst_ptr<AsyncSession>(session); }

    AsyncSession& enter() {
        AsyncSession& session = session_of(this->session());
        if (is_session_closed_)
            raise(error_named("SessionClosed", "the session was closed while this map was on its way"));
        session.enter();
        if (!is_entered_) session.add(*this);
        is_entered_ = true;
        return session;
    }

    Held future_;
    bool is_entered_ = false;
    bool is_session_closed_ = false;
};

}  // namespace

void register_async_map(nb::module_& module) {
    static PyType_Slot slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(&AsyncMap::traverse)},
                                  {Py_tp_clear, reinterpret_cast<void*>(&AsyncMap::clear)},
                                  {0, nullptr}};
    nb::class_<AsyncMap>(module, "AsyncMap", nb::type_slots(slots), nb::is_weak_referenceable())
        .def(nb::init<nb::object, const nb::object&, std::size_t, bool>(), nb::arg("session"),
             nb::arg("requests").none(), nb::arg("concurrency"), nb::arg("ordered"))
        .def("advance", &AsyncMap::advance)
        .def("put", &AsyncMap::put_request)
        .def("take_all", &AsyncMap::take_all)
        .def("wait", &AsyncMap::wait)
        .def("close", &AsyncMap::close)
        .def("set_exhausted", &AsyncMap::set_exhausted)
        .def_prop_ro("has_room", &AsyncMap::has_room)
        .def_prop_ro("is_done", &AsyncMap::is_done);
}

}  // namespace plait::python
