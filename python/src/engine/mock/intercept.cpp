#include "mock/intercept.hpp"

#include "plait/http/proxy/routes.hpp"
#include "plait/net/certificate.hpp"

#include <atomic>
#include <mutex>
#include <utility>

namespace plait::python {

namespace {

std::atomic<unsigned> generation = 0;
std::mutex mutex;
Intercepts current;  // behind the mutex

}  // namespace

void set_intercepts(Intercepts intercepts) {
    const std::lock_guard lock(mutex);
    current = std::move(intercepts);
    generation.fetch_add(1, std::memory_order_relaxed);
}

unsigned intercept_generation() noexcept { return generation.load(std::memory_order_relaxed); }

http::SessionOptions intercepted(http::SessionOptions options) {
    if (intercept_generation() == 0) return options;
    const std::lock_guard lock(mutex);
    if (current.connect_to.empty()) return options;
    std::vector<http::ConnectTo> routes(current.connect_to.begin(), current.connect_to.end());
    routes.insert(routes.end(), options.routes.connect_to.begin(), options.routes.connect_to.end());
    options.routes.connect_to = std::move(routes);
    options.routes.proxies = {};
    options.tls.ca_file = current.ca_file;
    return options;
}

void register_intercept(nb::module_& module) {
    module.def("set_intercepts", [](std::vector<std::string> connect_to, std::string ca_file) {
        Intercepts intercepts;
        intercepts.connect_to = std::move(connect_to);
        intercepts.ca_file = std::move(ca_file);
        set_intercepts(std::move(intercepts));
    });
    module.def("make_certificate", [](std::vector<std::string> names) {
        const net::Certificate made = net::make_certificate(net::CertificateOptions(std::move(names)));
        return std::pair(made.certificate, made.private_key);
    });
}

}  // namespace plait::python
