// A worker of a cluster that answers each call at once, without HTTP: what a run costs at its coordinator and broker,
// without a server that shares the processors.
//
//     instant_worker nats://127.0.0.1:4222 PLACES

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/method/cluster_worker.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

using namespace plait;

namespace {

Task<batch::Attempt> answer(http::Session&, const http::Request& request) {
    http::Response response;
    response.status = 200;
    response.headers.add("Content-Type", "text/plain");
    response.body = request.url.text();
    co_return response;
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 3) return 2;
    batch::ClusterWorkerOptions options{cluster::ClusterOptions(cluster::NatsAddress(argv[1]))};
    options.host = "instant";
    options.concurrency = std::strtoul(argv[2], nullptr, 10);
    options.send = [](http::Session& session, const http::Request& request) { return answer(session, request); };
    batch::ClusterWorker worker(std::move(options));
    run(worker.work());
} catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
