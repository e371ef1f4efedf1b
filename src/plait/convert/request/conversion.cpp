#include "plait/convert/request/conversion.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/requests/clear_text_secrets.hpp"
#include "plait/batch/requests/request_line.hpp"
#include "plait/convert/request/request_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <variant>

namespace plait::convert {

/// Reads each line as `plait run` will.
class Conversion::LineCheck {
  public:
    LineCheck() : reader_(settings()) {}

    /// Throws `Error(bad_input)` if `plait run` would refuse the line. Returns where it still holds secrets.
    std::vector<batch::ClearTextSecret> check(std::string_view line) {
        constexpr std::string_view position = "line 1";
        const batch::SourceItem item = reader_.read_json(line, 1);
        if (const auto* call = std::get_if<batch::Call>(&item)) return batch::find_clear_text_secrets(call->request);
        std::string problem = std::get<batch::BadLine>(item).message;
        if (problem.starts_with(position)) problem.erase(0, problem.find(": ") + 2);
        throw_bad_input(problem);
    }

  private:
    static batch::RequestDefaults settings() {
        batch::RequestDefaults defaults;
        defaults.put_secrets = batch::SecretExpander::Put::names;
        defaults.key_seed = "convert";
        return defaults;
    }

    batch::RequestReader reader_;
};

Conversion::Conversion(std::vector<std::string> given_references)
    : given_references_(std::move(given_references)), check_(std::make_unique<LineCheck>()) {
    constexpr std::string_view kind = "env.";
    for (const std::string& name : given_references_) {
        if (name.starts_with(kind)) secrets_.add_given(name.substr(kind.size()));
    }
}

Conversion::Conversion(Conversion&&) noexcept = default;
Conversion::~Conversion() = default;

void Conversion::add(std::string where, Request request) {
    where = masked(std::move(where));
    attempt(where, [&] {
        request.id = unique_id(request.id);
        request.secrets.insert(request.secrets.end(), known_secrets_.begin(), known_secrets_.end());
        const std::string line = request_line(request, given_references_, secrets_, where);
        for (const batch::ClearTextSecret& secret : check_->check(line)) {
            advise(fmt::format("{}: {} looks like {}, and is still in the output", where, secret.where, secret.kind));
        }
        for_each_reference(line,
                           [this](std::string_view name) { secrets_.mark_used(name.substr(name.find('.') + 1)); });
        lines_.append(line).append("\n");
        if (!request.id.empty()) ids_.insert(request.id);
        ++count_;
    });
}

void Conversion::know_secrets(const std::vector<std::string>& values) {
    constexpr std::size_t shortest = 4;
    for (const std::string& value : values) {
        const bool is_known = std::find(known_secrets_.begin(), known_secrets_.end(), value) != known_secrets_.end();
        const bool is_name = value.find("{{") != std::string::npos;
        if (value.size() >= shortest && !is_known && !is_name) known_secrets_.push_back(value);
    }
}

std::string Conversion::masked(std::string text) const {
    constexpr std::string_view mask = "***";
    for (const std::string& secret : known_secrets_) {
        for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + mask.size()))
            text.replace(at, secret.size(), mask);
    }
    return text;
}

void Conversion::refuse(std::string where, std::string reason) {
    refused_.push_back({masked(std::move(where)), masked(std::move(reason))});
}

void Conversion::leave_out(std::string where, std::string reason) {
    left_out_.push_back({std::move(where), std::move(reason)});
}

void Conversion::advise(std::string text) {
    if (std::find(advice_.begin(), advice_.end(), text) == advice_.end()) advice_.push_back(std::move(text));
}

void Conversion::refuse_thrown(std::string_view where) {
    try {
        throw;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::bad_input) throw;
        refuse(std::string(where), error.what());
    }
}

std::string Conversion::unique_id(const std::string& id) {
    if (id.empty()) return id;
    std::string unique = id;
    for (int n = 2; ids_.contains(unique); ++n) unique = fmt::format("{}#{}", id, n);
    return unique;
}

}  // namespace plait::convert
