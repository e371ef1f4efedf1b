#pragma once

#include "values/python.hpp"

namespace plait::python {

/// `Http2Server`: one connection of `plait.mock` that speaks HTTP/2, without its socket.
void register_http2_server(nb::module_& module);

}  // namespace plait::python
