#include "plait/convert/collection/bruno.hpp"

#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"
#include "plait/base/text/form_text.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/request/internal/login.hpp"
#include "plait/convert/request/internal/text_bits.hpp"
#include "plait/convert/request/internal/url_text.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <system_error>

namespace plait::convert {

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::array<std::string_view, 9> method_blocks{"get",     "post", "put",     "patch", "delete",
                                                        "options", "head", "connect", "trace"};

constexpr std::size_t largest_file = std::size_t{16} << 20;

bool is_method(const BruBlock& block) {
    return std::find(method_blocks.begin(), method_blocks.end(), block.name) != method_blocks.end() ||
           block.name == "http";
}

std::string value_in(const Pairs& pairs, std::string_view name) {
    for (const auto& [each, value] : pairs) {
        if (each == name) return value;
    }
    return {};
}

/// The blocks of one file, by name.
class BruFile {
  public:
    explicit BruFile(std::string_view text) : blocks_(bru_blocks(text)) {}

    const BruBlock* find(std::string_view name) const {
        const auto found =
            std::find_if(blocks_.begin(), blocks_.end(), [name](const BruBlock& each) { return each.name == name; });
        return found == blocks_.end() ? nullptr : &*found;
    }
    const BruBlock* method() const {
        const auto found = std::find_if(blocks_.begin(), blocks_.end(), is_method);
        return found == blocks_.end() ? nullptr : &*found;
    }
    Pairs pairs(std::string_view name) const {
        const BruBlock* block = find(name);
        return block ? block->pairs() : Pairs();
    }

  private:
    std::vector<BruBlock> blocks_;
};

/// `@file(a.txt) @contentType(text/plain)`: what stands in the braces behind the word.
std::optional<std::string> annotation(std::string_view text, std::string_view word) {
    const auto begin = text.find(fmt::format("@{}(", word));
    if (begin == std::string_view::npos) return std::nullopt;
    const auto open = begin + word.size() + 2;
    return std::string(text.substr(open, text.find(')', open) - open));
}

std::string without_annotations(std::string_view text) {
    return std::string(trimmed(text.substr(0, text.find("@contentType("))));
}

/// Makes the request of one file.
class BrunoReader {
  public:
    BrunoReader(const Input& input, const BruFile& file) : input_(input), file_(file), variables_(input.variables) {
        read_folders();
        take_variables(file_);
    }

    std::string id() const {
        const std::string name = value_in(file_.pairs("meta"), "name");
        return folder_name_ + (name.empty() ? std::filesystem::path(input_.path).stem().string() : name);
    }

    bool has_script() const {
        const auto has = [](const BruFile& file) { return file.find("script:pre-request") != nullptr; };
        return has(file_) || std::any_of(around_.begin(), around_.end(), has);
    }

    Request request() const {
        const BruBlock& block = *file_.method();
        const Pairs settings = block.pairs();
        const bool is_other = block.name == "http";
        Request request(is_other ? value_in(settings, "method") : block.name, url_of(value_in(settings, "url")));
        std::transform(request.method.begin(), request.method.end(), request.method.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
        request.id = id();
        for (const BruFile& folder : around_) add_headers(request, folder);
        add_headers(request, file_);
        add_login(request, value_in(settings, "auth"));
        add_body(request, value_in(settings, "body"));
        return request;
    }

    std::vector<std::string> secret_values() const { return variables_.secret_values(); }

  private:
    /// Reads `folder.bru` of each folder up to the one with `bruno.json`, the collection, whose file is
    /// `collection.bru`.
    void read_folders() {
        if (input_.path == "-") return;
        std::error_code error;
        std::filesystem::path folder = std::filesystem::absolute(input_.path, error).lexically_normal().parent_path();
        std::vector<std::filesystem::path> files;
        std::string name;
        while (!std::filesystem::exists(folder / "bruno.json", error)) {
            if (!folder.has_relative_path()) return;  // a file without a collection
            files.push_back(folder / "folder.bru");
            name.insert(0, folder.filename().string() + "/");
            folder = folder.parent_path();
        }
        folder_name_ = name;
        collection_folder_ = folder.string();
        files.push_back(folder / "collection.bru");
        for (auto file = files.rbegin(); file != files.rend(); ++file) {
            if (!std::filesystem::exists(*file, error)) continue;
            around_.emplace_back(read_file(file->string(), largest_file));
            take_variables(around_.back());
        }
    }

    void take_variables(const BruFile& file) {
        for (const auto& [name, value] : file.pairs("vars:pre-request")) variables_.set(name, value);
    }

    std::string expand(std::string_view text) const { return variables_.expand(text); }

    /// The URL has the query; the block `params:query` only shows it. Bruno resolves `..` before it puts in the path
    /// variables.
    std::string url_of(const std::string& text) const {
        internal::UrlText whole(expand(text));
        whole.remove_dot_segments();
        std::string url = whole.with_user();
        for (const auto& [name, value] : file_.pairs("params:path")) {
            const std::string segment = "/:" + name;
            const std::string replacement = "/" + expand(value);
            for (auto at = url.find(segment); at != std::string::npos; at = url.find(segment, at + 1)) {
                const auto end = at + segment.size();
                if (end == url.size() || url[end] == '/' || url[end] == '?')
                    url.replace(at, segment.size(), replacement);
            }
        }
        return internal::UrlText(url).with_user();
    }

    void add_headers(Request& request, const BruFile& file) const {
        for (const auto& [name, value] : file.pairs("headers")) request.set_header(expand(name), expand(value));
    }

    void add_login(Request& request, const std::string& mode) const {
        if (mode != "inherit" && !mode.empty()) return add_login(request, file_, mode);
        for (auto folder = around_.rbegin(); folder != around_.rend(); ++folder) {
            const std::string outer = value_in(folder->pairs("auth"), "mode");
            if (!outer.empty() && outer != "inherit") return add_login(request, *folder, outer);
        }
    }

    void add_login(Request& request, const BruFile& file, const std::string& mode) const {
        const Pairs settings = file.pairs("auth:" + mode);
        internal::add_login(request, mode, [&](std::string_view name) { return expand(value_in(settings, name)); });
    }

    std::string text_of(std::string_view block) const {
        const BruBlock* found = file_.find(block);
        return found ? expand(found->text) : "";
    }

    void add_body(Request& request, std::string_view kind) const {
        constexpr std::array<std::array<std::string_view, 3>, 4> texts{
            {{"json", "body:json", "application/json"},
             {"text", "body:text", "text/plain"},
             {"xml", "body:xml", "application/xml"},
             {"sparql", "body:sparql", "application/sparql-query"}}};
        for (const auto& [name, block, type] : texts) {
            if (name != kind) continue;
            request.body = text_of(block);
            return request.add_default_header("Content-Type", std::string(type));
        }
        if (kind == "graphql") {
            request.body = graphql();
            request.add_default_header("Content-Type", "application/json");
        } else if (kind == "formUrlEncoded") {
            std::string& form = request.body.emplace();
            for (const auto& [name, value] : file_.pairs("body:form-urlencoded"))
                append_form_pair(form, expand(name), expand(value));
            request.add_default_header("Content-Type", "application/x-www-form-urlencoded");
        } else if (kind == "multipartForm") {
            for (const auto& [name, value] : file_.pairs("body:multipart-form")) add_part(request, name, value);
        } else if (kind == "file") {
            add_file(request);
        } else if (kind != "none" && !kind.empty()) {
            throw_bad_input(fmt::format("its body is of the kind {}", printable(kind)));
        }
    }

    std::string graphql() const {
        std::string body = "{\"query\":";
        json::append_string(body, text_of("body:graphql"));
        const std::string variables = text_of("body:graphql:vars");
        std::string compact(variables.size(), '\0');
        std::size_t size = 0;
        if (simdjson::minify(variables.data(), variables.size(), compact.data(), size))
            throw_bad_input("its variables are not JSON");
        body.append(",\"variables\":").append(size == 0 ? "{}" : compact.substr(0, size));
        return body + "}";
    }

    /// The path of a file, which is beside the collection.
    std::string file_path(std::string_view name) const {
        Input collection(collection_folder_.empty() ? input_.path : collection_folder_ + "/bruno.json", {});
        return std::filesystem::path(collection.beside(name))
            .lexically_proximate(std::filesystem::current_path())
            .string();
    }

    void add_part(Request& request, const std::string& name, const std::string& value) const {
        FormPart part{expand(name), {}};
        part.type = annotation(value, "contentType").value_or("");
        const auto files = annotation(value, "file");
        if (!files) {
            part.value = expand(without_annotations(value));
            return request.parts.push_back(std::move(part));
        }
        for (std::string_view rest = *files; !rest.empty();) {
            const std::string_view one = rest.substr(0, rest.find('|'));
            rest.remove_prefix(std::min(one.size() + 1, rest.size()));
            part.file = file_path(expand(one));
            if (!annotation(value, "contentType")) part.type = internal::media_type_of(part.file);
            request.parts.push_back(part);
        }
    }

    void add_file(Request& request) const {
        const Pairs files = file_.pairs("body:file");
        const auto path = files.size() == 1 ? annotation(files[0].second, "file") : std::nullopt;
        if (!path) throw_bad_input("its body is not one file");
        request.body_file = file_path(expand(*path));
        const std::string type = annotation(files[0].second, "contentType").value_or("");
        if (!type.empty()) request.set_header("Content-Type", type);
    }

    const Input& input_;
    const BruFile& file_;
    Variables variables_;
    std::vector<BruFile> around_;  ///< the collection, and the folders from the outermost one
    std::string folder_name_;      ///< with a slash behind each
    std::string collection_folder_;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> BruBlock::pairs() const {
    constexpr std::string_view quotes = "'''";
    Pairs found;
    const auto lines = internal::lines_of(text);
    for (std::size_t n = 0; n < lines.size(); ++n) {
        std::string_view line = trimmed(lines[n]);
        if (line.empty() || line.starts_with('~')) continue;
        std::string key;
        if (line.starts_with('"')) {
            const auto end = line.find("\":", 1);
            if (end == std::string_view::npos) continue;
            key = line.substr(1, end - 1);
            line.remove_prefix(end + 2);
        } else {
            const auto colon = line.find(':');
            if (colon == std::string_view::npos) continue;
            key = trimmed(line.substr(0, colon));
            line.remove_prefix(colon + 1);
        }
        std::string value(trimmed(line));
        if (value == quotes) {  // a text of several lines, indented by two more blanks
            value.clear();
            for (++n; n < lines.size() && trimmed(lines[n]) != quotes; ++n)
                value.append(value.empty() ? "" : "\n").append(lines[n].substr(lines[n].starts_with("  ") ? 2 : 0));
        }
        found.emplace_back(std::move(key), std::move(value));
    }
    return found;
}

std::vector<BruBlock> bru_blocks(std::string_view text) {
    std::vector<BruBlock> blocks;
    bool is_open = false;
    bool is_first = false;
    std::size_t number = 0;
    for (std::string_view line : internal::lines_of(text)) {
        ++number;
        if (is_open && (line == "}" || line == "]")) {
            is_open = false;
        } else if (is_open) {
            if (!std::exchange(is_first, false)) blocks.back().text += '\n';
            blocks.back().text += line.starts_with("  ") ? line.substr(2) : line;
        } else if (line = trimmed(line); line.ends_with(" {") || line.ends_with(" [")) {
            blocks.emplace_back(std::string(line.substr(0, line.size() - 2)), std::string());
            is_open = is_first = true;
        } else if (!line.empty()) {
            throw_bad_input(fmt::format("line {} is outside of Bruno's blocks", number));
        }
    }
    if (is_open) throw_bad_input(fmt::format("the block {} of Bruno is not closed", blocks.back().name));
    return blocks;
}

bool is_bruno(const Input& input) {
    const auto lines = internal::lines_of(input.text);
    const auto has = [&lines](std::string_view start) {
        return std::find(lines.begin(), lines.end(), start) != lines.end();
    };
    return has("meta {") &&
           (has("http {") || std::any_of(method_blocks.begin(), method_blocks.end(),
                                         [&](std::string_view method) { return has(fmt::format("{} {{", method)); }));
}

void read_bruno(const Input& input, Conversion& conversion) {
    const BruFile file(input.text);
    if (!file.method()) throw_bad_input(fmt::format("{} has no request, such as a block get {{ ... }}", input.name()));
    const BrunoReader reader(input, file);
    conversion.know_secrets(reader.secret_values());
    const std::string where = input.prefix + printable(reader.id());
    if (reader.has_script())
        conversion.advise(fmt::format("{} has a script that runs before it; it was not run", where));
    conversion.attempt(where, [&] { conversion.add(where, reader.request()); });
}

}  // namespace plait::convert
