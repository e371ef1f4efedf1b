#include "plait/cluster/sealed/envelope.hpp"

#include "plait/cluster/protocol/numbers.hpp"

#include <algorithm>
#include <optional>

namespace plait::cluster {

namespace {

constexpr char is_open = 0;
constexpr char is_sealed = 1;
constexpr std::size_t head_bytes = 2;

std::string head(char form) { return {static_cast<char>(protocol_number), form}; }

/// Anybody may have written it, so it must not do anything to a terminal.
std::string printable(std::string_view text) {
    std::string clean(text.substr(0, Post::most_objection_bytes));
    std::replace_if(
        clean.begin(), clean.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return clean;
}

}  // namespace

std::string Post::wrap(std::string_view subject, std::string_view message) {
    return head(is_sealed) + sealer_.seal(subject, message);
}

Envelope Post::open(std::string_view subject, std::string_view envelope) {
    if (envelope.size() < head_bytes) return {Envelope::Kind::unreadable, {}};
    const int protocol = static_cast<unsigned char>(envelope[0]);
    const char form = envelope[1];
    envelope.remove_prefix(head_bytes);
    if (form == is_open) return {Envelope::Kind::objection, printable(envelope), protocol};
    if (protocol != protocol_number) return {Envelope::Kind::other_protocol, {}, protocol};
    if (form != is_sealed) return {Envelope::Kind::unreadable, {}, protocol};
    std::optional<std::string> text = opener_.open(subject, envelope);
    if (!text) return {Envelope::Kind::locked, {}, protocol};
    return {Envelope::Kind::message, std::move(*text), protocol};
}

std::string Post::objection(std::string_view sentence) { return head(is_open) + printable(sentence); }

}  // namespace plait::cluster
