#include "session/bulk.hpp"

#include "values/errors.hpp"
#include "values/response.hpp"
#include <iterator>
#include <optional>
#include <utility>

namespace plait::python {

/// A call of the bulk, which ends in a turn that may run without Python's lock.
struct Bulk::Call final : Caller {
    Call(Bulk& bulk_, std::size_t index_, nb::object item_) : bulk(bulk_), index(index_), item(std::move(item_)) {
        takes_turn = false;  // a bulk has a limit of its own
        wake_up = bulk.wake_up_;
    }
    void on_end() noexcept override { bulk.ended_.push_back(this); }

    Bulk& bulk;
    std::size_t index;
    std::size_t place = 0;  ///< in the bulk's list of calls
    nb::object item;        ///< a URL or a `plait.Request`
};

Bulk::Bulk(nb::object session, const Settings& settings, const nb::object& requests, std::size_t concurrency,
           bool ordered)
    : settings_(settings),
      concurrency_(concurrency),
      ordered_(ordered),
      is_plain_(nb::cast<bool>(session.attr("_is_plain"))) {
    if (concurrency == 0) throw_bad_input("concurrency must be at least 1: no call would ever be made");
    session_.set(std::move(session));
    if (!requests.is_none()) {
        PyObject* const iterator = PyObject_GetIter(requests.ptr());
        if (!iterator) nb::raise_python_error();
        source_.set(nb::steal(iterator));
    }
    prepare_.set(python_name("plait._prepare", "prepare"));
    result_type_.set(python_name("plait._messages", "Result"));
}

Bulk::~Bulk() = default;

void Bulk::begin(Engine& engine, Caller& caller, std::unique_ptr<http::Request> request,
                 std::optional<Duration> deadline, std::unique_ptr<CallPolicy> policy) {
    engine.start(caller, std::move(request), deadline, std::move(policy));
}

void Bulk::forget() noexcept {
    is_exhausted_ = true;
    ended_.clear();
    next_ended_ = 0;
    // Letting items go may run code of the program, which must find an empty bulk.
    const auto calls = std::exchange(calls_, {});
    const auto ready = std::exchange(ready_, {});
}

bool Bulk::is_done() const noexcept { return is_exhausted_ && calls_.empty() && ready_.empty(); }

bool Bulk::has_room() const noexcept {
    // Results that wait for their turn have a bound, too.
    const std::size_t untaken = ended_count() + ready_.size();
    return !is_exhausted_ && calls_.size() - ended_count() < concurrency_ && untaken < 4 * concurrency_;
}

void Bulk::refill(Engine& engine) {
    while (source_ && has_room()) {
        PyObject* const item = stay_at_exit([&] { return PyIter_Next(source_.get()); });
        if (!item) {
            is_exhausted_ = true;
            if (PyErr_Occurred()) nb::raise_python_error();
            return;
        }
        add(engine, nb::steal(item));
    }
}

void Bulk::add(Engine& engine, nb::object item) {
    const std::size_t index = next_index_++;
    try {
        start(engine, item);
    } catch (nb::python_error& error) {
        if (!error.matches(python_name("plait._errors", "InputError"))) throw;
        put(index, result(index, item, nb::none(), nb::borrow(error.value())));
    } catch (const Error& error) {
        const nb::object value = error_of(Failure(error.code(), error.what(), false), nullptr);
        put(index, result(index, item, nb::none(), value));
    }
}

void Bulk::start(Engine& engine, const nb::object& item) {
    const std::size_t index = next_index_ - 1;
    std::optional<Duration> deadline;
    std::unique_ptr<CallPolicy> policy;
    nb::object given = item;
    std::unique_ptr<http::Request> request;
    std::string_view url;
    // A text with a lone surrogate has no UTF-8: `prepare` raises the `InputError` for it.
    if (is_plain_ && PyUnicode_Check(item.ptr()) && nb::try_cast(item, url)) {
        request = std::make_unique<http::Request>(request_from(settings_, "GET", url, {}, {}, {}));
    } else {
        const nb::tuple made =
            nb::cast<nb::tuple>(stay_at_exit([&] { return nb::borrow(prepare_.get())(session(), item); }));
        request = std::make_unique<http::Request>(
            request_from(settings_, nb::cast<std::string>(made[0]), nb::cast<std::string_view>(made[1]),
                         nb::cast<std::optional<Fields>>(made[2]), nb::cast<std::optional<nb::bytes>>(made[3]),
                         nb::cast<std::optional<double>>(made[4])));
        deadline = duration_from(nb::cast<std::optional<double>>(made[5]));
        if (!made[6].is_none()) given = made[6];
        policy = policy_from(made[7]);
    }
    auto call = std::make_unique<Call>(*this, index, std::move(given));
    begin(engine, *call, std::move(request), deadline, std::move(policy));
    call->place = calls_.size();
    calls_.push_back(std::move(call));
}

void Bulk::put(std::size_t index, nb::object result) { ready_.emplace_hint(ready_.end(), index, std::move(result)); }

/// The call that ended first of those that were not taken.
std::unique_ptr<Bulk::Call> Bulk::pop_ended() {
    Call* const ended = ended_[next_ended_++];
    if (next_ended_ == ended_.size()) {
        ended_.clear();
        next_ended_ = 0;
    }
    std::unique_ptr<Call> call = std::move(calls_[ended->place]);
    if (ended->place + 1 < calls_.size()) {
        calls_[ended->place] = std::move(calls_.back());
        calls_[ended->place]->place = ended->place;
    }
    calls_.pop_back();
    return call;
}

nb::object Bulk::result_of(Call& call) const {
    const bool was_given = !PyUnicode_Check(call.item.ptr());
    PyObject* const given = was_given ? call.item.ptr() : nullptr;
    nb::object response = nb::none();
    nb::object error = nb::none();
    if (call.response) {
        response = make_response(call, given);
    } else {
        error = error_of(call, given);
    }
    return result(call.index, call.item, response, error);
}

/// A `plait.Result`, as its constructor makes it, without the cost of running it.
nb::object Bulk::result(std::size_t index, const nb::object& item, const nb::object& response,
                        const nb::object& error) const {
    static PyObject* const names[] = {PyUnicode_InternFromString("index"), PyUnicode_InternFromString("_given"),
                                      PyUnicode_InternFromString("response"), PyUnicode_InternFromString("error")};
    nb::object made = nb::steal(PyType_GenericAlloc(reinterpret_cast<PyTypeObject*>(result_type_.get()), 0));
    if (!made.is_valid()) nb::raise_python_error();
    const nb::object number = nb::cast(index);
    const nb::object* const values[] = {&number, &item, &response, &error};
    for (std::size_t n = 0; n < std::size(names); ++n) {
        if (PyObject_SetAttr(made.ptr(), names[n], values[n]->ptr()) != 0) nb::raise_python_error();
    }
    return made;
}

bool Bulk::can_take() const noexcept {
    return !ready_.empty() && (!ordered_ || ready_.begin()->first == next_to_take_);
}

nb::object Bulk::take() {
    // Making a result may run code of the program, in finalizers, which may even close this bulk.
    while (ordered_ && ended_count() > 0) {
        const std::unique_ptr<Call> call = pop_ended();
        put(call->index, result_of(*call));
    }
    if (can_take()) return pop_ready();
    if (ended_count() == 0) return {};
    const std::unique_ptr<Call> call = pop_ended();
    return result_of(*call);
}

nb::object Bulk::pop_ready() {
    nb::object result = std::move(ready_.extract(ready_.begin()).mapped());
    ++next_to_take_;
    return result;
}

void Bulk::give_up(Engine& engine) noexcept {
    for (const auto& call : calls_) engine.give_up(*call);
    forget();
}

int Bulk::traverse_held(visitproc visit, void* arg) const {
    Py_VISIT(session_.get());
    Py_VISIT(source_.get());
    Py_VISIT(prepare_.get());
    Py_VISIT(result_type_.get());
    for (const auto& call : calls_) Py_VISIT(call->item.ptr());
    for (const auto& [index, result] : ready_) Py_VISIT(result.ptr());
    return 0;
}

void Bulk::clear_held() noexcept {
    source_.clear();
    prepare_.clear();
    result_type_.clear();
}

namespace {

/// The iterator that `plait.BlockingSession.map` returns.
class BlockingMap final : public Bulk {
  public:
    BlockingMap(nb::object session, Seats& seats, const nb::object& requests, std::size_t concurrency, bool ordered)
        : Bulk(std::move(session), seats.settings(), requests, concurrency, ordered),
          seat_(std::make_unique<Seats::Seat>(seats)),
          generation_(process_generation()) {
        wake_up_ = seat_->wake_up();
    }
    ~BlockingMap() override { close(); }

    nb::object next() {
        if (!seat_) return {};
        if (generation_ != process_generation())
            raise(error_named("WrongLoop", "this map was begun by the process from which this one was forked"));
        if (is_busy_) raise(PyExc_RuntimeError, "two threads read the results of one map at the same time");
        const Busy busy(is_busy_);
        try {
            nb::object result = next_result();
            if (seat_) seat_->step_down();
            return result;
        } catch (...) {
            close();
            throw;
        }
    }

    void close() noexcept {
        if (!seat_) return;
        if (generation_ != process_generation()) {
            static_cast<void>(seat_.release());  // its sockets are the parent's
            return;
        }
        {
            const Seats::Seat::Use in_use = seat_->use_unless_in_hook();
            give_up(seat_->engine());
            if (seat_->wake_up() >= 0 && in_use.may_turn()) seat_->engine().loop().run_ready();
        }
        seat_.reset();
    }

    static int traverse(PyObject* self, visitproc visit, void* arg) {
        Py_VISIT(Py_TYPE(self));
        return nb::inst_ready(self) ? nb::inst_ptr<BlockingMap>(self)->traverse_held(visit, arg) : 0;
    }
    static int clear(PyObject* self) {
        if (!nb::inst_ready(self)) return 0;
        auto* map = nb::inst_ptr<BlockingMap>(self);
        map->close();
        map->clear_held();
        return 0;
    }

  private:
    class Busy {
      public:
        explicit Busy(bool& flag) noexcept : flag_(flag) { flag_ = true; }
        Busy(const Busy&) = delete;
        Busy& operator=(const Busy&) = delete;
        ~Busy() { flag_ = false; }

      private:
        bool& flag_;
    };

    void begin(Engine& engine, Caller& caller, std::unique_ptr<http::Request> request, std::optional<Duration> deadline,
               std::unique_ptr<CallPolicy> policy) override {
        const Seats::Seat::Use in_use = seat_->use();
        Bulk::begin(engine, caller, std::move(request), deadline, std::move(policy));
    }

    /// What was started is sent before the caller works on a result.
    void send_now() {
        const Seats::Seat::Use in_use = seat_->use();
        seat_->engine().loop().run_ready();
    }

    nb::object next_result() {
        refill(seat_->engine());
        send_now();
        for (;;) {
            if (nb::object result = take(); result.is_valid()) return result;
            if (is_done()) {
                close();
                return {};
            }
            seat_->wait_and_turn();
            refill(seat_->engine());
        }
    }

    std::unique_ptr<Seats::Seat> seat_;
    int generation_;
    bool is_busy_ = false;
};

PyObject* next_slot(PyObject* self) noexcept {
    try {
        return instance_of<BlockingMap>(self).next().release().ptr();
    } catch (...) {
        set_python_error();
        return nullptr;
    }
}

PyObject* self_slot(PyObject* self) { return Py_NewRef(self); }

}  // namespace

nb::object make_bulk(nb::object session, Seats& seats, const nb::object& requests, std::size_t concurrency,
                     bool ordered) {
    nb::object map = nb::inst_alloc(nb::type<BlockingMap>());
    new (nb::inst_ptr<BlockingMap>(map)) BlockingMap(std::move(session), seats, requests, concurrency, ordered);
    nb::inst_mark_ready(map);
    return map;
}

void register_bulk(nb::module_& module) {
    static PyType_Slot slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(&BlockingMap::traverse)},
                                  {Py_tp_clear, reinterpret_cast<void*>(&BlockingMap::clear)},
                                  {Py_tp_iter, reinterpret_cast<void*>(&self_slot)},
                                  {Py_tp_iternext, reinterpret_cast<void*>(&next_slot)},
                                  {0, nullptr}};
    nb::class_<BlockingMap>(module, "BlockingMap", nb::type_slots(slots), nb::is_weak_referenceable())
        .def("close", &BlockingMap::close);
}

}  // namespace plait::python
