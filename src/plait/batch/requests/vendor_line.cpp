#include "plait/batch/requests/vendor_line.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/requests/line_kind.hpp"
#include "plait/batch/requests/url_paths.hpp"
#include "plait/json/fields.hpp"
#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <utility>

namespace plait::batch {

namespace {

namespace ondemand = simdjson::ondemand;

using Names = std::span<const std::string_view>;

// All fields that a line of each vendor may have. The first holds the request.
constexpr std::array<std::string_view, 2> anthropic_fields{"params", "custom_id"};
constexpr std::array<std::string_view, 3> gemini_fields{"request", "key", "metadata"};
constexpr std::array<std::string_view, 2> mistral_fields{"body", "custom_id"};
constexpr std::array<std::string_view, 4> openai_fields{"body", "url", "custom_id", "method"};

Names fields_of(BatchFormat format) {
    switch (format) {
        case BatchFormat::anthropic:
            return anthropic_fields;
        case BatchFormat::gemini:
            return gemini_fields;
        case BatchFormat::mistral:
            return mistral_fields;
        case BatchFormat::openai:
        case BatchFormat::plait:
            break;
    }
    return openai_fields;
}

std::string_view request_field_of(BatchFormat format) { return fields_of(format).front(); }

/// A part of a text that is padded at its end.
simdjson::padded_string_view with_padding(std::string_view part) {
    return simdjson::padded_string_view(part.data(), part.size(), part.size() + simdjson::SIMDJSON_PADDING);
}

/// The path that Gemini's requests are sent to. A base URL may end with a version of its own.
std::string gemini_path(const VendorJob& job, std::string_view model) {
    constexpr std::string_view folder = "models/";
    if (model.starts_with(folder)) model.remove_prefix(folder.size());
    const std::string_view version = ends_with_version(job.base_url) ? "" : "/v1beta";
    return fmt::format("{}/{}{}:generateContent", version, folder, model);
}

/// Whether this can be part of a URL's path, and names the same path after a server has removed `.` and `..`.
bool is_model_name(std::string_view name) {
    if (name.find_first_of("?#% \"\\{}") != std::string_view::npos) return false;
    for (;;) {
        const auto slash = name.find('/');
        const std::string_view segment = name.substr(0, slash);
        if (segment.empty() || segment == "." || segment == "..") return false;
        if (slash == std::string_view::npos) return true;
        name.remove_prefix(slash + 1);
    }
}

}  // namespace

bool takes_model(BatchFormat format) noexcept {
    return format == BatchFormat::gemini || format == BatchFormat::mistral;
}

/// The state that is kept from line to line.
struct VendorLineReader::Buffers {
    json::PaddedText text;
    ondemand::parser parser;
    ondemand::document document;
    ondemand::parser body_parser;
    std::string id;
    std::string_view body;      ///< of the request
    std::string_view metadata;  ///< JSON; empty: none
    std::string out;

    void read(std::string_view line, BatchFormat format);
    std::optional<std::string_view> model();
    void begin(std::string_view path);
    void end();

  private:
    void read_field(ondemand::value value, std::string_view name, BatchFormat format);
    void read_metadata(ondemand::value value);
};

void VendorLineReader::Buffers::read(std::string_view line, BatchFormat format) {
    id.clear();
    body = metadata = {};
    if (!json::is_utf8(line)) throw_bad_input("not UTF-8");
    const Names names = fields_of(format);
    document = parser.iterate(text.assign({line}));
    std::optional<std::string> problem;
    std::uint32_t seen = 0;
    for (ondemand::field field : ondemand::object(document.get_object())) {
        const std::string name(std::string_view(field.unescaped_key()));
        ondemand::value value = field.value();
        const auto known = std::find(names.begin(), names.end(), name);
        const std::uint32_t bit = 1u << (known - names.begin());
        try {
            if (known == names.end()) throw_bad_input(json::unknown_field(name, names));
            if (seen & bit) throw_bad_input(fmt::format("\"{}\" occurs twice", name));
            seen |= bit;
            read_field(value, name, format);
        } catch (const Error& error) {
            if (!problem) problem = error.what();  // read on for the id
        }
    }
    if (document.current_location().error() == simdjson::SUCCESS)
        throw_bad_input("unexpected text after the JSON object");
    if (problem) throw_bad_input(*problem);
    if (body.empty()) throw_bad_input(fmt::format("no \"{}\"", request_field_of(format)));
}

void VendorLineReader::Buffers::read_field(ondemand::value value, std::string_view name, BatchFormat format) {
    const ondemand::json_type type = json::type_of(value);
    if (type != ondemand::json_type::null) {
        if (name == find_batch_format(format)->id_field) {
            id = json::read_name(value, name);
            return;
        }
        if (name == "metadata") return read_metadata(value);
        if (name == request_field_of(format)) {
            if (type != ondemand::json_type::object) throw_bad_input(fmt::format("\"{}\" must be an object", name));
            body = json::checked_text(document, value).value();
            return;
        }
    }
    (void)json::checked_text(document, value).value();
}

/// Google's classes take only texts in it.
void VendorLineReader::Buffers::read_metadata(ondemand::value value) {
    if (json::type_of(value) != ondemand::json_type::object) throw_bad_input("\"metadata\" must be an object");
    metadata = json::checked_text(document, value).value();
    ondemand::document inside = body_parser.iterate(with_padding(metadata));
    for (ondemand::field field : ondemand::object(inside.get_object())) {
        const std::string name(std::string_view(field.unescaped_key()));
        if (name == "plait") throw_bad_input("\"metadata\": results write \"plait\" there");
        if (json::type_of(field.value()) != ondemand::json_type::string)
            throw_bad_input(fmt::format("\"metadata\": \"{}\" must be a string", name));
    }
}

/// The model that the request names, which can't be null or empty; nothing: there is no `model`.
std::optional<std::string_view> VendorLineReader::Buffers::model() {
    ondemand::document inside = body_parser.iterate(with_padding(body));
    ondemand::value value;
    if (inside["model"].get(value)) return std::nullopt;
    return json::read_name(value, "model");
}

void VendorLineReader::Buffers::begin(std::string_view path) {
    out = "{";
    if (!id.empty()) {
        out += "\"custom_id\":";
        json::append_string(out, id);
        out += ',';
    }
    out += "\"method\":\"POST\",\"url\":";
    json::append_string(out, path);
    if (!metadata.empty()) out.append(",\"metadata\":").append(metadata);
    out += ",\"body\":";
}

void VendorLineReader::Buffers::end() { out += '}'; }

VendorLineReader::VendorLineReader(BatchFormat format, VendorJob job)
    : format_(format), job_(std::move(job)), buffers_(std::make_unique<Buffers>()) {}
VendorLineReader::VendorLineReader(VendorLineReader&&) noexcept = default;
VendorLineReader::~VendorLineReader() = default;

const std::string& VendorLineReader::id() const noexcept { return buffers_->id; }

void VendorLineReader::check_first(std::string_view text, std::string_view name) {
    const std::optional<LineSigns> signs = signs_of(text);
    if (!signs) return;
    if (signs->vendor() != format_) {
        const std::string why = not_a_batch(name, format_);
        if (const std::optional<std::string> hint = hint_at_format(text, format_)) throw_bad_input(why + *hint);
        if (signs->url) throw_bad_input(why + "is a plait request line; omit --format");
        throw_bad_input(fmt::format("{}has no \"{}\"", why, request_field_of(format_)));
    }
    if (!takes_model(format_) || !job_.model.empty()) return;
    try {
        buffers_->read(text, format_);
        if (buffers_->model()) return;
    } catch (const std::exception&) {
        return;  // this line has an error of its own
    }
    throw_bad_input(fmt::format("the first request of {} names no model: name one with --model", name));
}

std::string_view VendorLineReader::translate(std::string_view text) {
    Buffers& line = *buffers_;
    try {
        line.read(text, format_);
    } catch (const simdjson::simdjson_error& error) {
        throw_bad_input(fmt::format("not JSON: {}", simdjson::error_message(error.error())));
    }
    if (format_ == BatchFormat::openai) return text;
    if (format_ == BatchFormat::anthropic) {
        line.begin("/v1/messages");
        line.out += line.body;
        line.end();
        return line.out;
    }
    const std::optional<std::string_view> named = line.model();
    const std::string model(named.value_or(job_.model));
    if (model.empty())
        throw_bad_input(fmt::format("\"{}\" names no \"model\": name it with --model", request_field_of(format_)));
    if (format_ == BatchFormat::gemini && !is_model_name(model))
        throw_bad_input(fmt::format("the model '{}' can't be part of a URL", model));
    line.begin(format_ == BatchFormat::gemini ? gemini_path(job_, model) : job_.endpoint);
    if (format_ == BatchFormat::mistral && !named) {
        line.out += "{\"model\":";
        json::append_string(line.out, model);
        const std::string_view rest = line.body.substr(1);
        line.out += rest.find_first_not_of(" \t\r\n") == rest.find('}') ? "" : ",";
        line.out += rest;
    } else {
        line.out += line.body;
    }
    line.end();
    return line.out;
}

}  // namespace plait::batch
