#include "plait/cluster/relay/nats_parser.hpp"

#include "plait/base/error.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace plait::cluster {

namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::protocol, "not a NATS server: " + why); }

/// The words of a line, between blanks.
std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const auto begin = line.find_first_not_of(" \t");
        if (begin == std::string_view::npos) break;
        line.remove_prefix(begin);
        const auto end = std::min(line.find_first_of(" \t"), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
    return words;
}

/// What follows `verb`, if the line begins with it, in capitals or not.
std::optional<std::string_view> after_verb(std::string_view line, std::string_view verb) {
    if (line.size() < verb.size()) return std::nullopt;
    for (std::size_t i = 0; i < verb.size(); ++i) {
        const char c = line[i];
        if ((c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c) != verb[i]) return std::nullopt;
    }
    line.remove_prefix(verb.size());
    if (!line.empty() && line.front() != ' ' && line.front() != '\t') return std::nullopt;
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return line;
}

}  // namespace

void NatsParser::feed(std::string_view bytes) {
    buffer_.erase(0, start_);
    scanned_ -= start_;
    start_ = 0;
    buffer_ += bytes;
}

std::optional<NatsParser::Event> NatsParser::next() {
    for (;;) {
        if (pending_) {
            if (const auto event = read_payload()) return event;
            if (pending_) return std::nullopt;
        }
        const auto end = buffer_.find('\n', scanned_);
        const std::size_t length = std::min(end, buffer_.size()) - start_;
        if (length > most_line_bytes) refuse("a line of more than 64 KiB");
        if (end == std::string::npos) {
            scanned_ = buffer_.size();
            return std::nullopt;
        }
        std::string_view line = std::string_view(buffer_).substr(start_, length);
        start_ = scanned_ = end + 1;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (const auto event = read_line(line)) return event;
    }
}

std::optional<NatsParser::Event> NatsParser::read_line(std::string_view line) {
    if (const auto arguments = after_verb(line, "MSG")) {
        begin_message(*arguments);
        return std::nullopt;
    }
    if (after_verb(line, "PING")) return Ping();
    if (after_verb(line, "PONG")) return Pong();
    if (after_verb(line, "+OK")) return std::nullopt;
    if (const auto why = after_verb(line, "-ERR")) {
        std::string_view text = *why;
        if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') text = text.substr(1, text.size() - 2);
        return Refused{text};
    }
    if (const auto json = after_verb(line, "INFO")) return Info{*json};
    refuse("it sent a line that begins with " + fmt::format("{:?}", line.substr(0, 20)));
}

void NatsParser::begin_message(std::string_view arguments) {
    // Subject, subscription, perhaps a subject for replies, size.
    const std::vector<std::string_view> words = words_of(arguments);
    std::size_t bytes = 0;
    const bool is_whole = words.size() == 3 || words.size() == 4;
    const bool has_size =
        is_whole && std::from_chars(words.back().data(), words.back().data() + words.back().size(), bytes) ==
                        std::from_chars_result{words.back().data() + words.back().size(), std::errc()};
    if (!has_size) refuse("a MSG line without subject and size");
    if (bytes > most_payload_bytes) refuse(fmt::format("a message of {} bytes", bytes));
    pending_.emplace(Pending{std::string(words.front()), bytes});
}

std::optional<NatsParser::Event> NatsParser::read_payload() {
    constexpr std::string_view end = "\r\n";
    const std::size_t bytes = pending_->bytes;
    if (buffer_.size() - start_ < bytes + end.size()) return std::nullopt;
    const std::string_view payload = std::string_view(buffer_).substr(start_, bytes);
    if (std::string_view(buffer_).substr(start_ + bytes, end.size()) != end)
        refuse("a message of another size than it says");
    start_ = scanned_ = start_ + bytes + end.size();
    subject_ = std::move(pending_->subject);
    pending_.reset();
    return Message{subject_, payload};
}

NatsServerInfo::NatsServerInfo(std::string_view json) {
    json::PaddedText text;
    simdjson::ondemand::parser parser;
    try {
        simdjson::ondemand::document document = parser.iterate(text.assign({json}));
        for (auto field : document.get_object()) {
            const std::string_view name = field.unescaped_key();
            if (name == "version") version = std::string_view(field.value().get_string());
            if (name == "nonce") nonce = std::string_view(field.value().get_string());
            if (name == "max_payload") max_payload = field.value().get_uint64();
            if (name == "tls_required") tls_required = field.value().get_bool();
            if (name == "tls_available") tls_available = field.value().get_bool();
            if (name == "auth_required") auth_required = field.value().get_bool();
        }
    } catch (const simdjson::simdjson_error& error) {
        refuse(fmt::format("its INFO can't be read ({})", error.what()));
    }
}

}  // namespace plait::cluster
