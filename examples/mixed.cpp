// Download with async, compute on threads, store in order: all three at the same time.

#include "plait/plait.hpp"

#include "sites.hpp"
#include <map>

using namespace plait;

std::size_t count_words(const std::string& text) {
    std::size_t words = 0;
    for (std::size_t i = 0; i < text.size(); ++i) words += text[i] == ' ' || i + 1 == text.size();
    return words;
}

using Counted = std::pair<std::size_t, std::size_t>;  // the index of a site, and its number of words

Task<Counted> count_words_of(http::Session& session, ThreadPool& pool, std::size_t number, std::string url) {
    http::Response response = co_await session.get(url);
    co_return Counted(number, co_await pool.submit(count_words, std::move(response.body)));
}

Task<void> store_all(std::vector<std::string> sites) {
    http::Session session;
    ThreadPool pool;
    const auto count = [&](std::size_t number) { return count_words_of(session, pool, number, sites[number]); };
    auto counted = as_completed(std::views::iota(0UL, sites.size()) | std::views::transform(count), 100);
    std::map<std::size_t, std::size_t> early;  // results that wait for an earlier one
    for (std::size_t turn = 0; const auto next = co_await counted.next();) {
        early.insert(*next);
        for (; early.contains(turn); ++turn)
            std::cout << turn << ": " << early.extract(turn).mapped() << " words from " << sites[turn] << '\n';
    }
}

int main(int argc, char** argv) {
    return timed([](const auto& list) { run(store_all(list)); }, sites(argc, argv));
}
