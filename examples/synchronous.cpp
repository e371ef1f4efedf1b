// One call after another: each starts when the previous one has its answer.

#include "plait/plait.hpp"

#include "sites.hpp"

using namespace plait;

void download_site(http::Session& session, const std::string& url) {
    const http::Response response = run(session.get(url));
    std::cout << "Read " << response.body.size() << " from " << url << '\n';
}

void download_all_sites(const std::vector<std::string>& sites) {
    http::Session session;
    for (const auto& url : sites) download_site(session, url);
}

int main(int argc, char** argv) { return timed(download_all_sites, sites(argc, argv)); }
