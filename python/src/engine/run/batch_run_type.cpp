// The run as a type of Python: what its garbage collector and its iteration see, and the names of its functions.

#include "plait/batch/answer/expectation.hpp"

#include "run/batch_run.hpp"
#include <utility>

namespace plait::python {

int BatchRun::traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    if (!nb::inst_ready(self)) return 0;
    const auto* run = nb::inst_ptr<BatchRun>(self);
    Py_VISIT(run->items_.iterator.get());
    Py_VISIT(run->items_.line_of.get());
    Py_VISIT(run->items_.broken.get());
    Py_VISIT(run->items_.nothing_yet.get());
    Py_VISIT(run->tick_.get());
    Py_VISIT(run->result_type_.get());
    Py_VISIT(run->log_.get());
    Py_VISIT(run->reason_.get());
    Py_VISIT(run->break_.get());
    for (const auto& [line, cause] : run->causes_) Py_VISIT(cause.get());
    return run->callbacks_.traverse(visit, arg);
}

int BatchRun::clear(PyObject* self) {
    if (!nb::inst_ready(self)) return 0;
    auto* run = nb::inst_ptr<BatchRun>(self);
    run->drop();
    run->items_.iterator.clear();
    run->items_.line_of.clear();
    run->items_.broken.clear();
    run->items_.nothing_yet.clear();
    run->tick_.clear();
    run->result_type_.clear();
    run->log_.clear();
    run->reason_.clear();
    run->break_.clear();
    std::exchange(run->causes_, {}).clear();
    run->callbacks_.clear();
    return 0;
}

namespace {

PyObject* next_slot(PyObject* self) noexcept {
    try {
        return instance_of<BatchRun>(self).next().release().ptr();
    } catch (...) {
        set_python_error();
        return nullptr;
    }
}

PyObject* self_slot(PyObject* self) { return Py_NewRef(self); }

}  // namespace

void register_batch_run(nb::module_& module) {
    module.def("check_expectation",
               [](const std::string& json) { static_cast<void>(batch::Expectation::parse(json)); });
    static PyType_Slot slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(&BatchRun::traverse)},
                                  {Py_tp_clear, reinterpret_cast<void*>(&BatchRun::clear)},
                                  {Py_tp_iter, reinterpret_cast<void*>(&self_slot)},
                                  {Py_tp_iternext, reinterpret_cast<void*>(&next_slot)},
                                  {0, nullptr}};
    nb::class_<BatchRun>(module, "BatchRun", nb::type_slots(slots), nb::is_weak_referenceable())
        .def(nb::init<const nb::object&, const std::optional<std::string>&, const nb::dict&>(), nb::arg("requests"),
             nb::arg("results").none(), nb::arg("options"))
        .def("_finish", &BatchRun::finish)
        .def("_begin", &BatchRun::begin)
        .def("_turn", &BatchRun::turn)
        .def("_take_all", &BatchRun::take_all)
        .def("_drop_values", &BatchRun::drop_values)
        .def("_give_up", &BatchRun::give_up)
        .def("_conclude", &BatchRun::conclude)
        .def("_more_came", &BatchRun::more_came)
        .def("_set_tick", &BatchRun::set_tick)
        .def_prop_ro("_is_over", &BatchRun::is_over)
        .def("_close", &BatchRun::close)
        .def("_interrupt", &BatchRun::interrupt)
        .def("_report", &BatchRun::report);
}

}  // namespace plait::python
