#pragma once

#include "values/python.hpp"
#include <optional>

namespace plait::python {

/// The option of this name; nothing when it is missing or None.
template <class T>
std::optional<T> option(const nb::dict& options, const char* name) {
    if (!options.contains(name)) return std::nullopt;
    const nb::object value = options[name];
    if (value.is_none()) return std::nullopt;
    return nb::cast<T>(value);
}

}  // namespace plait::python
