#include "values/json.hpp"

#include <simdjson.h>

namespace plait::python {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

nb::object build(const element& value);

nb::object build_list(const simdjson::dom::array& values) {
    nb::object list = nb::steal(PyList_New(static_cast<Py_ssize_t>(values.size())));
    if (!list.is_valid()) nb::raise_python_error();
    // `size` of simdjson is a number of 24 bits.
    const auto room = static_cast<Py_ssize_t>(values.size());
    Py_ssize_t i = 0;
    for (const element value : values) {
        nb::object item = build(value);
        if (i < room) {
            PyList_SetItem(list.ptr(), i++, item.release().ptr());
        } else if (PyList_Append(list.ptr(), item.ptr()) != 0) {
            nb::raise_python_error();
        }
    }
    return list;
}

nb::object build_dict(const simdjson::dom::object& fields) {
    nb::object dict = nb::steal(PyDict_New());
    if (!dict.is_valid()) nb::raise_python_error();
    for (const auto field : fields) {
        const nb::object key = to_str(field.key);
        const nb::object value = build(field.value);
        if (PyDict_SetItem(dict.ptr(), key.ptr(), value.ptr()) != 0) nb::raise_python_error();
    }
    return dict;
}

// The document is at most 1024 levels deep: simdjson refuses more.
nb::object build(const element& value) {
    switch (value.type()) {
        case element_type::ARRAY:
            return build_list(value.get_array().value_unsafe());
        case element_type::OBJECT:
            return build_dict(value.get_object().value_unsafe());
        case element_type::INT64:
            return nb::int_(value.get_int64().value_unsafe());
        case element_type::UINT64:
            return nb::int_(value.get_uint64().value_unsafe());
        case element_type::DOUBLE:
            return nb::float_(value.get_double().value_unsafe());
        case element_type::STRING:
            return to_str(value.get_string().value_unsafe());
        case element_type::BOOL:
            return nb::bool_(value.get_bool().value_unsafe());
        case element_type::NULL_VALUE:
            return nb::none();
    }
    return nb::none();
}

}  // namespace

std::optional<nb::object> parse_json(const std::string& text, const std::string* pointer) {
    thread_local simdjson::dom::parser parser;
    element value;
    if (parser.parse(text).get(value) != simdjson::SUCCESS) return std::nullopt;
    if (pointer && value.at_pointer(*pointer).get(value) != simdjson::SUCCESS) return std::nullopt;
    return build(value);
}

}  // namespace plait::python
