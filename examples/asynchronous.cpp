// All calls concurrently on one thread: a task runs until it has to wait, then the event loop runs another.

#include "plait/plait.hpp"

#include "sites.hpp"

using namespace plait;

Task<void> download_site(http::Session& session, std::string url) {
    const http::Response response = co_await session.get(url);
    std::cout << "Read " << response.body.size() << " from " << url << '\n';
}

Task<void> download_all_sites(std::vector<std::string> sites) {
    http::Session session;
    auto downloads = sites | std::views::transform([&](auto& url) { return download_site(session, url); });
    co_await gather(downloads);
}

int main(int argc, char** argv) {
    return timed([](const auto& list) { run(download_all_sites(list)); }, sites(argc, argv));
}
