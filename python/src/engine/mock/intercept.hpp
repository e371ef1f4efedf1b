#pragma once

#include "plait/http/session.hpp"

#include "values/python.hpp"
#include <string>
#include <vector>

namespace plait::python {

/// Other hosts to connect to (`http::ConnectTo`), and the certificates that they are trusted by.
struct Intercepts {
    Intercepts() {}

    std::vector<std::string> connect_to;
    std::string ca_file;
};

/// Lets all sessions of the process obey these from now on, in place of earlier ones: for `plait.mock`. Any thread.
void set_intercepts(Intercepts intercepts);

/// Changes with each `set_intercepts`.
unsigned intercept_generation() noexcept;

/// Makes the options of a session obey them.
http::SessionOptions intercepted(http::SessionOptions options);

void register_intercept(nb::module_& module);

}  // namespace plait::python
