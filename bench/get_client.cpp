// The library alone, as a program to be measured beside other clients: N GETs of one URL, C in flight, nothing written.
// Usage: get_client URL N C

#include "plait/async/event_loop.hpp"
#include "plait/async/task_group.hpp"
#include "plait/http/session.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>

using namespace plait;

namespace {

Task<void> get_again(http::Session& session, http::Request request, long& left) {
    while (left-- > 0) {
        const auto response = co_await session.send(request);
        if (response.status != 200) std::exit(1);
    }
}

Task<void> get_all(http::Request request, long calls, int in_flight) {
    http::Session session;
    TaskGroup group;
    for (int i = 0; i < in_flight; ++i) group.start(get_again(session, request, calls));
    co_await group.join();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    try {
        run(get_all(http::Request("GET", argv[1]), std::atol(argv[2]), std::atoi(argv[3])));
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
