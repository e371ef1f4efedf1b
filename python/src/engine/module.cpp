// The module `plait._engine`: what the package's Python code is built on. Only that code uses it.

#include "async_map.hpp"
#include "async_session.hpp"
#include "batch_run.hpp"
#include "blocking_session.hpp"
#include "bulk.hpp"
#include "call.hpp"
#include "errors.hpp"
#include "http2_server.hpp"
#include "intercept.hpp"
#include "python.hpp"
#include "response.hpp"
#include "settings.hpp"
#include "task_waiter.hpp"

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
    register_settings(module);
    register_intercept(module);
    register_http2_server(module);
    module.attr("version") = PLAIT_VERSION;
}
