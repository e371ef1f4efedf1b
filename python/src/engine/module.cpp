// The module `plait._engine`: what the package's Python code is built on. Only that code uses it.

#include "mock/http2_server.hpp"
#include "mock/intercept.hpp"
#include "run/batch_run.hpp"
#include "run/check_requests.hpp"
#include "session/async_map.hpp"
#include "session/async_session.hpp"
#include "session/blocking_session.hpp"
#include "session/bulk.hpp"
#include "session/call.hpp"
#include "session/task_waiter.hpp"
#include "values/errors.hpp"
#include "values/python.hpp"
#include "values/response.hpp"
#include "values/settings.hpp"

NB_MODULE(_engine, module) {
    using namespace plait::python;
    nb::set_leak_warnings(false);
    register_errors();
    register_response(module);
    register_task_waiter();
    register_call(module);
    register_async_session(module);
    register_async_map(module);
    register_bulk(module);
    register_blocking_session(module);
    register_batch_run(module);
    register_check(module);
    register_settings(module);
    register_intercept(module);
    register_http2_server(module);
    module.attr("version") = PLAIT_VERSION;
}
