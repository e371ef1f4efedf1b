// Five threads, each with a session of its own: the operating system switches between them, at any time.

#include "plait/plait.hpp"

#include "sites.hpp"

using namespace plait;

thread_local http::Session session;

std::size_t download_site(const std::string& url) {
    const http::Response response = run(session.get(url));
    std::cout << "Read " + std::to_string(response.body.size()) + " from " + url + "\n";
    return response.body.size();
}

void download_all_sites(const std::vector<std::string>& sites) {
    ThreadPool pool(ThreadPoolOptions{.threads = 5});
    run(pool.map(download_site, sites));
}

int main(int argc, char** argv) { return timed(download_all_sites, sites(argc, argv)); }
