// Worker processes, each with a session of its own: the operating system gives each its own memory, and a processor if
// one is free.

#include "plait/plait.hpp"

#include <unistd.h>

#include "sites.hpp"

using namespace plait;

std::optional<http::Session> session;

void set_global_session() { session.emplace(); }

std::size_t download_site(const std::string& url) {
    const http::Response response = run(session->get(url));
    std::cout << std::to_string(getpid()) + ":Read " + std::to_string(response.body.size()) + " from " + url + "\n"
              << std::flush;
    return response.body.size();
}

void download_all_sites(const std::vector<std::string>& sites) {
    ProcessPool pool(ProcessPoolOptions{.initializer = set_global_session});
    run(pool.map(download_site, sites));
}

int main(int argc, char** argv) { return timed(download_all_sites, sites(argc, argv)); }
