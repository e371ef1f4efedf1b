#include "mock/http2_server.hpp"

#include "plait/http/http2_server.hpp"

#include "values/response.hpp"
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <utility>

namespace plait::python {

namespace {

/// The requests that are complete, each as (stream, method, target, fields, body).
nb::list take_requests(http::Http2Server& server) {
    nb::list requests;
    while (auto request = server.take_request()) {
        requests.append(nb::make_tuple(request->stream, to_str(request->method), to_lenient_str(request->target),
                                       list_of(request->headers), to_bytes(request->body)));
    }
    return requests;
}

nb::bytes take_output(http::Http2Server& server) {
    constexpr std::size_t piece = 64 * 1024;
    std::string output;
    for (std::string more = server.take_output(piece); !more.empty(); more = server.take_output(piece)) output += more;
    return to_bytes(output);
}

void answer(http::Http2Server& server, std::int32_t stream, int status, const Fields& fields, const nb::bytes& body) {
    http::Headers headers;
    for (const auto& [name, value] : fields) headers.add(name, value);
    server.begin_answer(stream, std::to_string(status), headers);
    server.add_body(stream, {body.c_str(), body.size()});
    server.end_answer(stream);
}

}  // namespace

void register_http2_server(nb::module_& module) {
    nb::class_<http::Http2Server>(module, "Http2Server")
        .def("__init__", [](http::Http2Server* self) { new (self) http::Http2Server(http::Http2ServerOptions()); })
        .def("receive",
             [](http::Http2Server& self, const nb::bytes& bytes) {
                 return self.receive({bytes.c_str(), bytes.size()});
             })
        .def("take_requests", &take_requests)
        .def("answer", &answer)
        .def("reset", [](http::Http2Server& self,
                         std::int32_t stream) { self.reset(stream, http::Http2Server::internal_error); })
        .def("take_output", &take_output)
        .def_prop_ro("is_done", &http::Http2Server::is_done);
}

}  // namespace plait::python
