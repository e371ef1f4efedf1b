#include "plait/net/internal/tls_sessions.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace plait::net::internal {

void TlsSessions::keep(const std::string& server, OfferedSession offered) {
    const std::lock_guard lock(mutex_);
    // A session that can be used again replaces the one before.
    if (const auto known = places_.find(server); known != places_.end() && !offered.is_for_once) {
        const std::vector<Position> before = known->second;
        for (const Position position : before) drop(position);
    }
    kept_.push_back(Kept{server, std::move(offered)});
    auto& places = places_[server];
    places.push_back(std::prev(kept_.end()));
    if (places.size() > most_of_a_server) drop(places.front());
    if (kept_.size() > most) drop(kept_.begin());
}

OwnedSession TlsSessions::take(const std::string& server, TimePoint now) {
    const std::lock_guard lock(mutex_);
    for (;;) {
        const auto known = places_.find(server);
        if (known == places_.end()) return nullptr;
        const Position newest = known->second.back();
        OfferedSession& offered = newest->offered;
        const bool is_good = now < offered.until;
        if (is_good && !offered.is_for_once) {
            ::SSL_SESSION_up_ref(offered.session.get());
            return OwnedSession(offered.session.get());
        }
        OwnedSession session = std::move(offered.session);
        drop(newest);
        if (is_good) return session;
    }
}

void TlsSessions::forget(const std::string& server) {
    const std::lock_guard lock(mutex_);
    const auto known = places_.find(server);
    if (known == places_.end()) return;
    const std::vector<Position> all = known->second;
    for (const Position position : all) drop(position);
}

std::size_t TlsSessions::size() const {
    const std::lock_guard lock(mutex_);
    return kept_.size();
}

void TlsSessions::drop(Position position) {
    const auto known = places_.find(position->server);
    std::erase(known->second, position);
    if (known->second.empty()) places_.erase(known);
    kept_.erase(position);
}

}  // namespace plait::net::internal
