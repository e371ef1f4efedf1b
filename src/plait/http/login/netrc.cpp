#include "plait/http/login/netrc.hpp"

#include "plait/base/error.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace plait::http {

namespace {

/// The words of a netrc file, one after another.
class Words {
  public:
    explicit Words(std::string_view text) : text_(text) {}

    std::size_t line() const noexcept { return line_; }

    /// The next word; nothing at the end.
    std::optional<std::string> next() {
        skip_to_word();
        if (text_.empty()) return std::nullopt;
        if (text_.front() == '"') return quoted();
        const auto end = std::min(text_.find_first_of(" \t\r\n"), text_.size());
        std::string word(text_.substr(0, end));
        text_.remove_prefix(end);
        return word;
    }

    std::string value_of(std::string_view name) {
        const std::size_t line = line_;
        if (auto word = next()) return std::move(*word);
        line_ = line;  // that of the name, not the end of the text
        fail("'" + std::string(name) + "' is the last word");
    }

    /// A macro ends with an empty line.
    void skip_macro() {
        const auto end = text_.find("\n\n");
        take(end == std::string_view::npos ? text_.size() : end);
    }

    [[noreturn]] void fail(const std::string& why) const {
        throw_bad_input("line " + std::to_string(line_) + ": " + why);
    }

  private:
    void take(std::size_t count) {
        for (const char c : text_.substr(0, count)) line_ += c == '\n';
        text_.remove_prefix(count);
    }

    void skip_to_word() {
        for (;;) {
            take(std::min(text_.find_first_not_of(" \t\r\n"), text_.size()));
            if (!text_.starts_with('#')) return;
            take(std::min(text_.find('\n'), text_.size()));
        }
    }

    std::string quoted() {
        std::string word;
        for (std::size_t i = 1; i < text_.size() && text_[i] != '\n'; ++i) {
            if (text_[i] == '"') {
                text_.remove_prefix(i + 1);
                return word;
            }
            if (text_[i] == '\\' && i + 1 < text_.size()) ++i;
            word += text_[i];
        }
        fail("a quote is not closed");
    }

    std::string_view text_;
    std::size_t line_ = 1;
};

/// An entry, as far as it has been read.
struct Entry {
    std::optional<std::string> host{};  ///< none: the default
    std::optional<std::string> login{};
    std::optional<std::string> password{};

    void add_to(CredentialTable& table) const {
        if (!login || !password) return;
        Credentials credentials(*login, *password);
        host ? table.add_host(*host, std::move(credentials)) : table.set_default(std::move(credentials));
    }
};

}  // namespace

void add_netrc(CredentialTable& table, std::string_view text) {
    Words words(text);
    std::optional<Entry> entry;
    const auto begin = [&](std::optional<std::string> host) {
        if (entry) entry->add_to(table);
        entry.emplace();
        entry->host = std::move(host);
    };
    while (const auto word = words.next()) {
        if (*word == "machine") {
            begin(words.value_of(*word));
        } else if (*word == "default") {
            begin(std::nullopt);
        } else if (*word == "macdef") {
            words.skip_macro();
        } else if (*word == "login" || *word == "password" || *word == "account") {
            if (!entry) words.fail("'" + *word + "' stands before the first 'machine'");
            std::string value = words.value_of(*word);
            if (*word == "login") entry->login = std::move(value);
            if (*word == "password") entry->password = std::move(value);
        } else {
            words.fail("there is a word that is none of machine, default, login, password, account and macdef");
        }
    }
    if (entry) entry->add_to(table);
}

}  // namespace plait::http
